package file

import (
	"context"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/scalar"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// spent is what an organisation has announced on one day: nobody fills the disk by announcing and letting expire.
type spent struct {
	store.Meta[string] `bson:",inline"`

	Day   scalar.Date `bson:"day"` // UTC
	Files int         `bson:"files"`
	Bytes int64       `bson:"bytes"`
}

func spentSchema() store.Schema { return store.Schema{Name: "file_days"} }

// spend takes a file out of what its organisation may announce today.
func (s *Service) spend(ctx context.Context, of id.Organisation, size int) error {
	ctx = authz.AsSystem(ctx)
	today := scalar.DateOf(s.now(), s.now().Location())
	for {
		_, err := s.spent.Change(ctx, access.FileTime, string(of), func(d *spent) error {
			if d.Day != today {
				d.Day, d.Files, d.Bytes = today, 0, 0
			}
			most := int64(SizesADay) * int64(s.Most)
			if d.Files >= MostADay || d.Bytes+int64(size) > most {
				return fault.New(fault.Refused, CodeDaily, "files", MostADay, "megabytes", most>>20)
			}
			d.Files, d.Bytes = d.Files+1, d.Bytes+int64(size)
			return nil
		})
		if !fault.Is(err, fault.CodeNotFound) {
			return err
		}
		fresh := &spent{Day: today}
		fresh.ID = string(of)
		if _, err := s.spent.Add(ctx, access.FileTime, fresh); err != nil && !fault.Is(err, fault.CodeTaken) {
			return err
		}
	}
}
