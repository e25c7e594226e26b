package personal

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// Fields are the names under which a struct keeps personal texts, as its bson tags say. They stand at the top of a
// document, where encrypting finds them; deeper ones are an error.
func Fields(t reflect.Type) ([]string, error) {
	var top []string
	err := walk(t, "", map[reflect.Type]bool{}, func(path string) error {
		if strings.Contains(path, ".") {
			return fmt.Errorf("personal: %s of %s lies too deep to be encrypted", path, t)
		}
		top = append(top, path)
		return nil
	})
	slices.Sort(top)
	return top, err
}

// walk tells of every personal text that a type can hold.
func walk(t reflect.Type, path string, seen map[reflect.Type]bool, found func(path string) error) error {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice || t.Kind() == reflect.Array || t.Kind() == reflect.Map {
		t = t.Elem()
	}
	if t == reflect.TypeFor[Text]() {
		return found(path)
	}
	if t.Kind() != reflect.Struct || seen[t] {
		return nil
	}
	seen[t] = true
	defer delete(seen, t)
	for f := range t.Fields() {
		name, inline := tag(f)
		if name == "-" || !f.IsExported() {
			continue
		}
		under := path
		if !inline {
			under = strings.TrimPrefix(path+"."+name, ".")
		}
		if err := walk(f.Type, under, seen, found); err != nil {
			return err
		}
	}
	return nil
}

// tag is the name of a field in a document, and whether its own fields take its place.
func tag(f reflect.StructField) (name string, inline bool) {
	name, rest, _ := strings.Cut(f.Tag.Get("bson"), ",")
	if name == "" {
		name = strings.ToLower(f.Name)
	}
	return name, slices.Contains(strings.Split(rest, ","), "inline")
}

// Within says whether a document holds a personal text in clear, however deep.
func Within(doc bson.Raw) bool {
	elements, err := doc.Elements()
	return err == nil && slices.ContainsFunc(elements, func(e bson.RawElement) bool { return bare(e.Value()) })
}

func bare(v bson.RawValue) bool {
	if sub, _, ok := v.BinaryOK(); ok {
		return sub == Bare
	}
	if d, ok := v.DocumentOK(); ok {
		return Within(d)
	}
	if a, ok := v.ArrayOK(); ok {
		vs, err := a.Values()
		return err == nil && slices.ContainsFunc(vs, bare)
	}
	return false
}
