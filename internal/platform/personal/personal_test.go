package personal_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"slices"
	"strings"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/cobuild/cobuild/internal/platform/personal"
)

const name = "李维"

type kept struct {
	ID    string         `bson:"_id"`
	Name  personal.Text  `bson:"name,omitempty"`
	Email *personal.Text `bson:"email,omitempty"`
}

func TestAPersonalTextHidesWhereverItIsPrinted(t *testing.T) {
	x := kept{ID: "1", Name: name, Email: personal.Of(new(name))}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("seen", "name", x.Name, "all", x)
	slog.New(slog.NewTextHandler(&log, nil)).Info("seen", "name", x.Name, "all", x)
	j, err := json.Marshal([]any{x, x.Name, x.Email})
	if err != nil {
		t.Fatal(err)
	}
	for how, out := range map[string]string{
		"log": log.String(), "json": string(j), "%v": fmt.Sprintf("%v %+v %#v %s %q %x %d", x, x, x, x.Name, x.Name, x.Name, x.Name),
		"error": fmt.Errorf("no %w for %v", errors.ErrUnsupported, x.Name).Error(), "Sprint": fmt.Sprint(x.Name, *x.Email),
	} {
		if strings.Contains(out, name) || strings.Contains(out, fmt.Sprintf("%x", name)) {
			t.Errorf("%s: %s", how, out)
		}
	}
	if x.Name.Clear() != name || *personal.Opened(x.Email) != name {
		t.Error("in clear it is another one")
	}
}

func TestAPersonalTextReachesBSONUnderAMark(t *testing.T) {
	raw, err := bson.Marshal(kept{ID: "1", Name: name})
	if err != nil {
		t.Fatal(err)
	}
	doc := bson.Raw(raw)
	sub, _, ok := doc.Lookup("name").BinaryOK()
	if !ok || sub != personal.Bare || !personal.Within(doc) {
		t.Errorf("kept as %s", doc.Lookup("name"))
	}
	if !slices.Equal(keys(doc), []string{"_id", "name"}) {
		t.Errorf("kept %v", keys(doc))
	}
	for what, in := range map[string]any{
		"an array": bson.M{"a": []kept{{Name: name}}}, "a document": bson.M{"a": bson.M{"b": kept{Name: name}}}, "a map": map[string]personal.Text{"a": name},
	} {
		raw, err := bson.Marshal(in)
		if err != nil || !personal.Within(raw) {
			t.Errorf("not found in %s: %v", what, err)
		}
	}
	if plain, _ := bson.Marshal(bson.M{"a": name, "b": []byte(name)}); personal.Within(plain) {
		t.Error("found where there is none")
	}
}

func TestAPersonalTextIsReadFromClearAndFromBeforeButNeverEncrypted(t *testing.T) {
	for what, tt := range map[string]struct {
		doc  bson.M
		want personal.Text
		bad  bool
	}{
		"decrypted": {doc: bson.M{"name": bson.Binary{Subtype: personal.Bare, Data: []byte(name)}}, want: name},
		"before":    {doc: bson.M{"name": name}, want: name},
		"null":      {doc: bson.M{"name": nil}},
		"absent":    {doc: bson.M{}},
		"encrypted": {doc: bson.M{"name": bson.Binary{Subtype: personal.Sealed, Data: []byte(name)}}, bad: true},
		"a number":  {doc: bson.M{"name": 5}, bad: true},
	} {
		raw, err := bson.Marshal(tt.doc)
		if err != nil {
			t.Fatal(err)
		}
		var x kept
		if err := bson.Unmarshal(raw, &x); (err != nil) != tt.bad || x.Name != tt.want {
			t.Errorf("%s: got %q, %v", what, x.Name.Clear(), err)
		}
	}
}

func TestFieldsAreFoundByTheirTagsAndNotBelowTheTop(t *testing.T) {
	type meta struct {
		Login personal.Text `bson:"login"`
	}
	type all struct {
		meta  `bson:",inline"`
		Plain string
		Name  *personal.Text `bson:"name"`
		Gone  personal.Text  `bson:"-"`
	}
	type whole struct {
		Inner all `bson:",inline"`
	}
	if got, err := personal.Fields(reflect.TypeFor[*whole]()); err != nil || !slices.Equal(got, []string{"name"}) {
		t.Errorf("got %v, %v", got, err)
	}
	type deep struct {
		All []all `bson:"all"`
	}
	if _, err := personal.Fields(reflect.TypeFor[deep]()); err == nil {
		t.Error("a text too deep to be encrypted is not refused")
	}
	type circle struct {
		Next *circle       `bson:"next"`
		Name personal.Text `bson:"name"`
	}
	if got, err := personal.Fields(reflect.TypeFor[circle]()); err != nil || !slices.Equal(got, []string{"name"}) {
		t.Errorf("got %v, %v", got, err)
	}
}

func keys(doc bson.Raw) []string {
	es, _ := doc.Elements()
	out := make([]string, len(es))
	for i, e := range es {
		out[i] = e.Key()
	}
	return out
}
