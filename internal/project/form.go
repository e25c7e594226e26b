package project

import (
	"slices"
	"strconv"
	"strings"

	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/record"
	"github.com/cobuild/cobuild/internal/platform/text"
)

// Widget is with what people fill in a field.
type Widget string

// The widgets.
const (
	WidgetText     Widget = "TEXT"
	WidgetTextArea Widget = "TEXT_AREA"
	WidgetNumber   Widget = "NUMBER"
	WidgetMoney    Widget = "MONEY"
	WidgetCheckbox Widget = "CHECKBOX"
	WidgetSelect   Widget = "SELECT"
	WidgetRadio    Widget = "RADIO"
	WidgetDate     Widget = "DATE"
	WidgetDateTime Widget = "DATE_TIME"
	WidgetList     Widget = "LIST"  // of plain values
	WidgetTable    Widget = "TABLE" // of objects
	WidgetGroup    Widget = "GROUP" // of fields of an object
)

// FormSection is a part of a form, in its place.
type FormSection struct {
	Title  Words        `bson:"title"`
	Fields []*FormField `bson:"fields"`
}

// FormField is a place of the record as people see it in a form.
type FormField struct {
	Path     record.Pointer `bson:"path"`
	Widget   Widget         `bson:"widget"`
	Label    Words          `bson:"label"`
	Help     *Words         `bson:"help,omitempty"`
	UnitText *Words         `bson:"unit,omitempty"` // behind a number, as square metres
}

// form checks a form against the schema: it shows what the schema describes, each once, with what can hold it.
func form(faults *fault.List, in []*FormSection, s *record.Schema) []*FormSection {
	if len(in) > MaxSections {
		faults.Add(fault.New(fault.Invalid, fault.CodeTooMany, "max", MaxSections), "form")
		return nil
	}
	shown, out := map[record.Pointer]bool{}, []*FormSection{}
	for i, part := range in {
		var own fault.List
		section := &FormSection{Title: text.BothLines(&own, "title", part.Title, 1, MaxLabel), Fields: []*FormField{}}
		for j, f := range part.Fields {
			var one fault.List
			section.Fields = append(section.Fields, f.checked(&one, s))
			if shown[f.Path] {
				one.Add(fault.New(fault.Invalid, fault.CodeDuplicate, "value", text.Clip(string(f.Path), record.MaxKey)), "path")
			}
			shown[f.Path] = true
			own.Add(one.Err(), "fields", strconv.Itoa(j))
		}
		faults.Add(own.Err(), "form", strconv.Itoa(i))
		out = append(out, section)
	}
	if len(shown) > MaxFormFields {
		faults.Add(fault.New(fault.Invalid, fault.CodeTooMany, "max", MaxFormFields), "form")
	}
	return out
}

func (f *FormField) checked(faults *fault.List, s *record.Schema) *FormField {
	out := &FormField{Path: f.Path, Widget: f.Widget, Label: text.BothLines(faults, "label", f.Label, 1, MaxLabel)}
	if f.Help != nil {
		out.Help = new(text.BothLines(faults, "help", *f.Help, 0, MaxHelp))
	}
	if f.UnitText != nil {
		out.UnitText = new(text.BothLines(faults, "unit", *f.UnitText, 0, MaxLabel))
	}
	if err := f.Path.Check(); err != nil {
		faults.Add(err, "path")
		return out
	}
	got := s.TypesAt(f.Path)
	switch {
	case got == nil:
		faults.Add(fault.New(fault.Invalid, record.CodeNoField, "path", f.Path), "path")
	case !f.Widget.holds(got):
		faults.Add(fault.New(fault.Invalid, CodeWidget, "path", f.Path, "widget", f.Widget, "got", strings.Join(got, ", ")), "widget")
	}
	return out
}

// holds says whether a widget can hold a place of these types. A place of which the schema does not say what it holds is
// held by any.
func (w Widget) holds(got []string) bool {
	can := map[Widget][]string{
		WidgetText: {"string"}, WidgetTextArea: {"string"}, WidgetNumber: {"number", "integer"}, WidgetMoney: {"number", "integer", "string"},
		WidgetCheckbox: {"boolean"}, WidgetSelect: {"string", "number", "integer", "boolean"}, WidgetRadio: {"string", "number", "integer", "boolean"},
		WidgetDate: {"date", "string"}, WidgetDateTime: {"date-time", "string"}, WidgetList: {"array"}, WidgetTable: {"array"}, WidgetGroup: {"object"},
	}[w]
	return !slices.ContainsFunc(got, func(g string) bool { return !slices.Contains(can, g) })
}
