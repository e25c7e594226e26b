package seed

import (
	"context"
	"strings"
	"time"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// once names the making of a record's object, so that it is made once however often the file is imported.
func once(file string, in Section, key string) *store.Once {
	return store.NewOnce("seed", strings.Join([]string{file, string(in), key}, "/"), nil)
}

// made is the identifier that the object of a record has, in whatever order and however often it is imported.
func made[I ~string](file string, in Section, kind id.Kind, key string) I {
	ctx := store.WithOnce(context.Background(), once(file, in, key))
	return store.NewID[I](ctx, kind, time.Time{}, nil)
}

// Contract is the identifier of a contract of the file.
func (f *File) Contract(key string) id.Contract {
	return made[id.Contract](f.Name, InContracts, id.KindContract, key)
}

// Organisation is the identifier of an organisation of the file, which stands in the section.
func (f *File) Organisation(in Section, key string) id.Organisation {
	return made[id.Organisation](f.Name, in, organisationKinds()[in], key)
}

func organisationKinds() map[Section]id.Kind {
	return map[Section]id.Kind{
		InDistricts: id.KindDistrict, InSubDistricts: id.KindSubDistrict,
		InCommunities: id.KindCommunity, InResidentUnits: id.KindUnit,
	}
}

// Login is the name under which a person of the file signs in, once they have a password.
func (f *File) Login(p Person) string {
	if p.LoginName != "" {
		return p.LoginName
	}
	return f.Name + "." + p.Key
}

// Actor is a person of the file as they act: with the role that the file gives them.
func (p Person) Actor(who id.Person, in id.Organisation) authz.Actor {
	return authz.Actor{
		Person: who, Name: p.Name,
		Holdings: []authz.Holding{{Role: p.Role, Organisation: in, Signing: p.SigningRight}},
	}
}
