package text

import (
	"context"

	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/fault/catalogue"
)

// Both is one text in both languages of the house.
type Both struct {
	Zh string `bson:"zh"`
	En string `bson:"en"`
}

// BothLines is Line for a text in both languages; faults lead to the language below the name.
func BothLines(faults *fault.List, name string, b Both, least, most int) Both {
	return b.each(faults, name, func(own *fault.List, in, s string) string { return Line(own, in, s, least, most) })
}

// BothBlocks is Block for a text in both languages.
func BothBlocks(faults *fault.List, name string, b Both, least, most int) Both {
	return b.each(faults, name, func(own *fault.List, in, s string) string { return Block(own, in, s, least, most) })
}

func (b Both) each(faults *fault.List, name string, check func(own *fault.List, in, s string) string) Both {
	var own fault.List
	out := Both{Zh: check(&own, "zh", b.Zh), En: check(&own, "en", b.En)}
	faults.Add(own.Err(), name)
	return out
}

// Text is the text in the language of the request.
func (b Both) Text(ctx context.Context) string { return b.In(catalogue.From(ctx).Language()) }

// In is the text in a language of the house; in Chinese where it is another one.
func (b Both) In(language string) string {
	if language == "en" {
		return b.En
	}
	return b.Zh
}
