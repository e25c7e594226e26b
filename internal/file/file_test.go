package file_test

import (
	"archive/zip"
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cobuild/cobuild/internal/file"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/blob/blobtest"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/store"
	"github.com/cobuild/cobuild/internal/platform/web/transfer"
)

func TestAFileIsAnnouncedSentAttachedAndReadByWhoReadsWhatItIsAttachedTo(t *testing.T) {
	for name, w := range map[string]*world{"folder": open(t), "s3": open(t, blobtest.S3(t))} {
		t.Run(name, func(t *testing.T) {
			w.t = t
			s := w.announced()
			if s.File.Status != file.Pending || s.Upload.Method != "PUT" || s.Upload.Headers[0].Value != "image/png" || w.address("liaison", s.File) != "" {
				t.Fatalf("%+v", s.File)
			}
			if code := w.put(s.Upload.URL, png); code != "" {
				t.Fatal(code)
			}
			f := w.file(s.File.ID)
			if f.Status != file.Ready || !f.ExpiresAt.Equal(w.now().Add(file.WaitsFor)) {
				t.Errorf("%+v", f)
			}
			own := w.address("liaison", f)
			if code, body := w.get(own); code != 200 || body != png {
				t.Errorf("its people get %d %q", code, body)
			}
			if code, _ := w.get(w.address("banker", f)); code == 200 {
				t.Error("others get it while it waits")
			}
			found, err := w.Claims(w.as("liaison"), report, school(), []id.File{f.ID})
			if err != nil || found[0].Sha256 != hashed() {
				t.Fatalf("%+v, %v", found, err)
			}
			must(t, w.Settle(t.Context(), report, []id.File{f.ID}))
			must(t, w.Settle(t.Context(), report, []id.File{f.ID}))
			if f = w.file(f.ID); f.Status != file.Attached || f.Subject != report || f.ExpiresAt != nil {
				t.Errorf("%+v", f)
			}
			banker := people()["banker"].Person
			w.readers[report] = []id.Person{banker}
			address := w.address("banker", f)
			if code, body := w.get(address); code != 200 || body != png {
				t.Errorf("a reader gets %d %q", code, body)
			}
			if code, _ := w.get(own); code == 200 {
				t.Error("its people get it though they may not read what it is attached to")
			}
			for who, sees := range map[string]bool{"banker": true, "liaison": false, "member": false, "": false} {
				many, err := w.Many(w.as(who), []id.File{"fil1_none", f.ID})
				if err != nil || many[0] != nil || (many[1] != nil) != sees {
					t.Errorf("%s finds %v, %v", who, many, err)
				}
			}
			w.readers[report] = nil // the right ends, and so does the address
			if code, _ := w.get(address); code == 200 {
				t.Error("who may read no more still gets it")
			}
		})
	}
}

func TestWhatIsSaidOfAFileIsCheckedAtEachField(t *testing.T) {
	w := open(t)
	for name, tt := range map[string]struct {
		alter func(*file.StartInput)
		code  fault.Code
		at    string
	}{
		"no name":       {func(in *file.StartInput) { in.Name = " " }, fault.CodeRequired, "name"},
		"a path":        {func(in *file.StartInput) { in.Name = "../../etc/passwd" }, file.CodeName, "name"},
		"another path":  {func(in *file.StartInput) { in.Name = `C:\boot.ini` }, file.CodeName, "name"},
		"dots":          {func(in *file.StartInput) { in.Name = ".." }, file.CodeName, "name"},
		"a line":        {func(in *file.StartInput) { in.Name = "a\r\nSet-Cookie: b" }, fault.CodeControl, "name"},
		"a long name":   {func(in *file.StartInput) { in.Name = strings.Repeat("长", 201) }, fault.CodeTooLong, "name"},
		"nothing":       {func(in *file.StartInput) { in.Size = 0 }, file.CodeEmpty, "size"},
		"less":          {func(in *file.StartInput) { in.Size = -1 }, file.CodeEmpty, "size"},
		"too much":      {func(in *file.StartInput) { in.Size = 1<<20 + 1 }, file.CodeLarge, "size"},
		"no hash":       {func(in *file.StartInput) { in.Sha256 = "" }, fault.CodeMalformed, "sha256"},
		"capitals":      {func(in *file.StartInput) { in.Sha256 = strings.Repeat("A", 64) }, fault.CodeMalformed, "sha256"},
		"a page":        {func(in *file.StartInput) { in.MediaType = "text/html" }, file.CodeType, "mediaType"},
		"a drawing":     {func(in *file.StartInput) { in.MediaType = "image/svg+xml" }, file.CodeType, "mediaType"},
		"a program":     {func(in *file.StartInput) { in.MediaType = "application/octet-stream" }, file.CodeType, "mediaType"},
		"an archive":    {func(in *file.StartInput) { in.MediaType = "application/zip" }, file.CodeType, "mediaType"},
		"no type":       {func(in *file.StartInput) { in.MediaType = "picture" }, file.CodeType, "mediaType"},
		"an odd type":   {func(in *file.StartInput) { in.MediaType = "image/png\r\nX: y" }, file.CodeType, "mediaType"},
		"for another's": {func(in *file.StartInput) { in.Organisation = bank() }, fault.CodeForbidden, ""},
	} {
		in := picture()
		tt.alter(&in)
		_, err := w.Start(w.as("liaison"), in)
		is(t, name, err, tt.code, tt.at)
	}
	for who, code := range map[string]fault.Code{
		"": fault.CodeUnauthenticated, "member": fault.CodeForbidden, "steward": fault.CodeForbidden, "banker": fault.CodeForbidden, "program": authz.CodeScopeMissing,
	} {
		_, err := w.Start(w.as(who), picture())
		is(t, who, err, code, "")
	}
	in := picture()
	in.MediaType = "IMAGE/PNG; charset=x"
	if s, err := w.Start(w.as("liaison"), in); err != nil || s.File.MediaType != "image/png" {
		t.Errorf("%+v, %v", s, err)
	}
}

func TestAnnouncingTwiceUnderOneNameAnnouncesOnce(t *testing.T) {
	w := open(t)
	once := func() (*file.Started, error) {
		return w.Start(store.WithOnce(w.as("liaison"), store.NewOnce("liaison", "a", []byte("a"))), picture())
	}
	first, err := once()
	must(t, err)
	again, err := once()
	if err != nil || again.File.ID != first.File.ID || again.Upload == nil {
		t.Fatalf("%+v, %v", again, err)
	}
	if code := w.put(first.Upload.URL, png); code != "" {
		t.Fatal(code)
	}
	again, err = once()
	if err != nil || again.Upload != nil || again.File.Status != file.Ready {
		t.Errorf("once it has come: %+v, %v", again, err)
	}
}

func TestBytesComeOnceInTimeAndAsAnnounced(t *testing.T) {
	w := open(t)
	s := w.announced()
	for name, tt := range map[string]struct{ data, code string }{
		"others":  {strings.Replace(png, "picture", "fixture", 1), string(transfer.CodeHash)},
		"more":    {png + "!", string(transfer.CodeSize)},
		"nothing": {"", string(transfer.CodeSize)},
		"a page":  {("<!DOCTYPE html><html>" + strings.Repeat("x", len(png)))[:len(png)], string(file.CodeNotThatType)},
	} {
		if code := w.put(s.Upload.URL, tt.data); code != tt.code {
			t.Errorf("%s: %s", name, code)
		}
	}
	if left := w.blobs(); len(left) > 0 {
		t.Errorf("left %v", left)
	}
	if code := w.put(s.Upload.URL, png); code != "" {
		t.Fatal(code)
	}
	if code := w.put(s.Upload.URL, png); code != string(file.CodeUploaded) {
		t.Errorf("a second time: %s", code)
	}
	if left := w.blobs(); len(left) != 1 {
		t.Errorf("there are %v", left)
	}
	late := w.announced()
	w.wait(transfer.UploadFor)
	if code := w.put(late.Upload.URL, png); code != string(transfer.CodeExpired) {
		t.Errorf("too late: %s", code)
	}
}

func TestOfManyWhoSendAtOnceOneIsTaken(t *testing.T) {
	w := open(t)
	s := w.announced()
	codes := make(chan string)
	for range 6 {
		go func() { codes <- w.put(s.Upload.URL, png) }()
	}
	taken := 0
	for range 6 {
		if <-codes == "" {
			taken++
		}
	}
	if f := w.file(s.File.ID); taken != 1 || len(w.blobs()) != 1 || w.blobs()[0] != f.Blob {
		t.Errorf("%d were taken, there are %v", taken, w.blobs())
	}
}

func TestAnOrganisationAnnouncesSoMuchADay(t *testing.T) {
	w := open(t)
	in := picture()
	in.Size = 1 << 20
	for range file.SizesADay {
		_, err := w.Start(w.as("liaison"), in)
		must(t, err)
	}
	_, err := w.Start(w.as("liaison"), in)
	is(t, "one more", err, file.CodeDaily, "")
	in.Organisation = bank()
	if _, err := w.Start(w.as("banker"), in); err != nil {
		t.Errorf("another: %v", err)
	}
	w.wait(24 * time.Hour)
	in.Organisation = school()
	if _, err := w.Start(w.as("liaison"), in); err != nil {
		t.Errorf("the next day: %v", err)
	}
}

func TestAFileBelongsToOneThingOfItsOrganisation(t *testing.T) {
	w := open(t)
	f, awaited := w.come(), w.announced().File
	claim := func(who, subject string, of id.Organisation, files ...id.File) error {
		_, err := w.Claims(w.as(who), subject, of, files)
		return err
	}
	is(t, "another's", claim("liaison", report, bank(), f.ID), file.CodeForeign, "0")
	is(t, "by another", claim("banker", report, bank(), f.ID), fault.CodeNotFound, "0")
	is(t, "by nobody", claim("", report, school(), f.ID), fault.CodeNotFound, "0")
	is(t, "awaited", claim("liaison", report, school(), f.ID, awaited.ID), file.CodeNotCome, "1")
	is(t, "twice", claim("liaison", report, school(), f.ID, f.ID), fault.CodeDuplicate, "1")
	is(t, "none", claim("liaison", report, school(), id.Derived[id.File](id.KindFile, "none")), fault.CodeNotFound, "0")
	must(t, claim("liaison", report, school(), f.ID))
	is(t, "claimed", claim("liaison", other, school(), f.ID), file.CodeTaken, "0")
	_, err := w.remove("liaison", f)
	is(t, "removed while claimed", err, file.CodeEvidence, "id")
	_, err = w.attach("liaison", f)
	is(t, "attached while claimed", err, file.CodeTaken, "id")
	w.wait(file.ClaimFor)
	must(t, claim("liaison", other, school(), f.ID)) // the first one was not made after all
	must(t, w.Settle(t.Context(), other, []id.File{f.ID}))
	must(t, w.Settle(t.Context(), report, []id.File{f.ID, "fil1_none"}))
	if got := w.file(f.ID); got.Subject != other {
		t.Errorf("belongs to %s", got.Subject)
	}
	w.readers[other] = []id.Person{people()["liaison"].Person}
	must(t, claim("liaison", other, school(), f.ID)) // a repeat
	is(t, "attached", claim("liaison", report, school(), f.ID), file.CodeTaken, "0")
	w.readers[other] = nil
	_, err = w.remove("liaison", w.file(f.ID))
	is(t, "evidence that they may not read", err, fault.CodeNotFound, "")
	w.readers[other] = []id.Person{people()["liaison"].Person}
	_, err = w.remove("liaison", w.file(f.ID))
	is(t, "evidence", err, file.CodeEvidence, "id")
}

func TestAPartyAttachesToAContractAndTakesItAwayAgain(t *testing.T) {
	w := open(t)
	f := w.come()
	_, err := w.attach("", f)
	is(t, "by nobody", err, fault.CodeNotFound, "contract")
	_, err = w.attach("banker", f)
	is(t, "by another", err, fault.CodeNotFound, "")
	_, err = w.attach("liaison", w.announced().File)
	is(t, "awaited", err, file.CodeNotCome, "id")
	w.parties = []id.Organisation{bank()}
	_, err = w.attach("liaison", f)
	is(t, "no party", err, file.CodeNoParty, "contract")
	w.parties = []id.Organisation{bank(), school()}
	was := f.Version
	f.Version = 7
	_, err = w.attach("liaison", f)
	is(t, "stale", err, fault.CodeConflict, "expectedVersion")
	f.Version = was
	w.readers[string(contractID())] = []id.Person{people()["liaison"].Person, people()["banker"].Person}
	f, err = w.attach("liaison", f)
	if err != nil || f.Status != file.Attached || f.Subject != string(contractID()) {
		t.Fatalf("%+v, %v", f, err)
	}
	e := f.Outbox[len(f.Outbox)-1]
	if e.Type != file.ToldAttached || !slices.Equal(e.Audience, []string{string(school()), string(bank())}) || bytes.Contains(e.Data, []byte("签到")) || !bytes.Contains(e.Data, []byte(hashed())) {
		t.Errorf("told %+v", e)
	}
	lists, err := w.Attachments(w.as("banker"), []string{string(contractID()), "ctr1_none"}, page.Args{First: new(10)})
	if err != nil || len(lists[0].Nodes()) != 1 || len(lists[1].Nodes()) != 0 {
		t.Fatalf("%v, %v", lists, err)
	}
	if _, err := w.Attachments(w.as("banker"), []string{string(contractID())}, page.Args{}); !fault.Is(err, fault.CodeBadPage) {
		t.Errorf("unbounded: %v", err)
	}
	_, err = w.attach("liaison", f)
	is(t, "twice", err, file.CodeTaken, "id")
	_, err = w.remove("banker", f)
	is(t, "removed by another", err, fault.CodeForbidden, "")
	f, err = w.remove("liaison", f)
	if err != nil || f.Status != file.Removed || len(w.blobs()) != 0 || f.Outbox[len(f.Outbox)-1].Type != file.ToldRemoved {
		t.Fatalf("%+v, %v", f, err)
	}
	if got, err := w.File(w.as("banker"), f.ID); err != nil || w.address("banker", got) != "" {
		t.Errorf("its readers see %+v, %v", got, err)
	}
	lists, err = w.Attachments(w.as("banker"), []string{string(contractID())}, page.Args{First: new(10)})
	if err != nil || len(lists[0].Nodes()) != 0 {
		t.Errorf("listed still: %v", err)
	}
}

func TestAContractHasSoManyAttachments(t *testing.T) {
	w := open(t)
	for range file.MaxAttachments {
		_, err := w.attach("liaison", w.come())
		must(t, err)
	}
	_, err := w.attach("liaison", w.come())
	is(t, "one more", err, file.CodeMany, "contract")
}

func TestAnOrganisationsPeopleListWhatIsAttachedToNothing(t *testing.T) {
	w := open(t)
	a, b := w.come(), w.come()
	must(t, w.Settle(t.Context(), report, []id.File{b.ID}))
	for who, want := range map[string]int{"liaison": 1, "member": 0, "banker": 0, "": 0, "program": 1} {
		got, err := w.Waiting(w.as(who), school(), page.Args{})
		must(t, err)
		if nodes := got.Nodes(); len(nodes) != want || want == 1 && nodes[0].ID != a.ID {
			t.Errorf("%s lists %v", who, nodes)
		}
	}
}

func TestWhatDoesNotComeOrIsNotAttachedExpiresWithItsBytes(t *testing.T) {
	w := open(t)
	late, idle, named, gone := w.announced().File, w.come(), w.come(), w.come()
	_, err := w.remove("liaison", gone)
	must(t, err)
	_, err = w.Claims(w.as("liaison"), report, school(), []id.File{named.ID})
	must(t, err)
	_, err = w.Claims(w.as("liaison"), other, school(), []id.File{idle.ID})
	must(t, err)
	w.named[report] = []id.File{named.ID} // the report was made, and the server fell before it was noted
	w.wait(transfer.UploadFor)
	w.tick()
	if f := w.file(late.ID); f.Status != file.Expired {
		t.Errorf("what did not come is %s", f.Status)
	}
	if f := w.file(idle.ID); f.Status != file.Ready {
		t.Errorf("what waits is %s", f.Status)
	}
	w.wait(file.WaitsFor - transfer.UploadFor)
	w.tick()
	if f := w.file(idle.ID); f.Status != file.Expired || f.Blob != "" || w.address("liaison", f) != "" {
		t.Errorf("%+v", f)
	}
	if f := w.file(named.ID); f.Status != file.Attached || f.Subject != report {
		t.Errorf("what a report names is %+v", f)
	}
	if left := w.blobs(); !slices.Equal(left, []string{w.file(named.ID).Blob}) {
		t.Errorf("left %v", left)
	}
	w.wait(file.KeptFor)
	w.tick()
	for _, f := range []id.File{late.ID, idle.ID, gone.ID} {
		_, err := w.File(authz.AsSystem(t.Context()), f)
		is(t, "forgotten", err, fault.CodeNotFound, "")
	}
	w.wait(365 * 24 * time.Hour)
	w.tick()
	if f := w.file(named.ID); f.Status != file.Attached || f.Blob == "" {
		t.Errorf("%+v", f)
	}
}

func TestBytesThatNoFileNamesAreRemovedAfterADay(t *testing.T) {
	for name, w := range map[string]*world{"folder": open(t), "s3": open(t, blobtest.S3(t))} {
		t.Run(name, func(t *testing.T) {
			w.t = t
			kept, awaited := w.come(), w.announced().File
			must(t, w.Settle(t.Context(), report, []id.File{kept.ID}))
			for _, key := range []string{ // what crashes leave
				"files/zz/" + string(awaited.ID) + "-0011", "files/zz/" + string(kept.ID) + "-0011",
				"files/zz/" + string(id.Derived[id.File](id.KindFile, "never")) + "-0011", "files/zz/stray", "exports/zz",
			} {
				_, err := w.bucket.Put(t.Context(), key, strings.NewReader("bytes"))
				must(t, err)
			}
			w.goTo(time.Now().Add(23 * time.Hour))
			w.tick()
			if got := w.blobs(); len(got) != 6 {
				t.Errorf("too early: %v", got)
			}
			w.wait(2 * time.Hour)
			w.tick()
			if got := w.blobs(); !slices.Equal(got, []string{"exports/zz", w.file(kept.ID).Blob}) {
				t.Errorf("left %v", got)
			}
		})
	}
}

func TestWhatAnEndOfTheProgramLeavesInAFolderGoesToo(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "place")
	w := open(t, folder)
	remains := filepath.Join(folder, "files", "zz", "fil1_x-00.18fb2.tmp")
	must(t, os.MkdirAll(filepath.Dir(remains), 0o700))
	must(t, os.WriteFile(remains, []byte("half"), 0o600))
	w.goTo(time.Now().Add(25 * time.Hour))
	w.tick()
	if got := w.blobs(); len(got) != 0 {
		t.Errorf("left %v", got)
	}
}

func TestNoMoreThanSoManyKeysAreLookedAtInATick(t *testing.T) {
	w := open(t)
	for i := range 201 {
		_, err := w.bucket.Put(t.Context(), "files/zz/stray"+strings.Repeat("a", i%26)+string(rune('a'+i/26)), strings.NewReader(""))
		must(t, err)
	}
	w.goTo(time.Now().Add(25 * time.Hour))
	n, err := w.Tick(t.Context(), w.now())
	if err != nil || n != 200 {
		t.Errorf("%d, %v", n, err)
	}
	w.tick()
	if got := w.blobs(); len(got) != 0 {
		t.Errorf("left %v", got)
	}
}

func TestWhoSentAFileIsForgottenWithWhatTheyCalledIt(t *testing.T) {
	w := open(t)
	f := w.come()
	must(t, w.Settle(t.Context(), report, []id.File{f.ID}))
	w.readers[report] = []id.Person{people()["banker"].Person}
	if got := w.file(f.ID); got.By == "" || got.Name.Clear() != "签到表.png" {
		t.Fatalf("%+v", got)
	}
	raw, err := w.db.Get(t.Context(), "files", string(f.ID))
	if err != nil || bytes.Contains(raw, []byte("签到表")) {
		t.Errorf("kept in clear: %v", err)
	}
	must(t, w.Forget(t.Context(), people()["liaison"].Person))
	must(t, w.Forget(t.Context(), people()["liaison"].Person))
	if got := w.file(f.ID); got.By != "" || got.Name != "" || got.Sha256 != hashed() {
		t.Errorf("%+v", got)
	}
	if code, body := w.get(w.address("banker", w.file(f.ID))); code != 200 || body != png {
		t.Errorf("the file: %d", code)
	}
}

func TestEveryPairOfStateAndVerbIsDecided(t *testing.T) {
	want := map[string]file.Status{
		"PENDING ARRIVE": file.Ready, "READY ATTACH": file.Attached, "PENDING EXPIRE": file.Expired, "READY EXPIRE": file.Expired,
		"PENDING REMOVE": file.Removed, "READY REMOVE": file.Removed, "ATTACHED REMOVE": file.Removed,
	}
	for _, s := range file.Statuses() {
		for _, v := range file.Verbs() {
			if to, _ := file.Next(s, v); to != want[string(s)+" "+string(v)] {
				t.Errorf("%s %s leads to %q", s, v, to)
			}
		}
	}
}

// packed is an archive with parts of some names.
func packed(t *testing.T, names ...string) string {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, n := range names {
		p, err := z.Create(n)
		must(t, err)
		_, err = p.Write([]byte("<x/>"))
		must(t, err)
	}
	must(t, z.Close())
	return b.String()
}

func TestAFileIsWhatItSays(t *testing.T) {
	docx := packed(t, "[Content_Types].xml", "_rels/.rels", "word/document.xml")
	for name, tt := range map[string]struct {
		mediaType, head string
		fits            bool
	}{
		"a picture":                {"image/png", png, true},
		"a photograph":             {"image/jpeg", "\xff\xd8\xff\xe0\x00\x10JFIF\x00", true},
		"a picture for another":    {"image/jpeg", png, false},
		"a paper":                  {"application/pdf", "%PDF-1.7\n", true},
		"a letter":                 {"application/vnd.openxmlformats-officedocument.wordprocessingml.document", docx, true},
		"a letter for a sheet":     {"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", docx, false},
		"a sheet":                  {"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", packed(t, "a.xml", "xl/workbook.xml"), true},
		"an archive for a letter":  {"application/vnd.openxmlformats-officedocument.wordprocessingml.document", packed(t, "virus.exe"), false},
		"a fixed-layout paper":     {"application/ofd", packed(t, "OFD.xml", "Doc_0/Document.xml"), true},
		"an archive for one":       {"application/ofd", packed(t, "a/OFD.xml"), false},
		"a torn archive":           {"application/ofd", "PK\x03\x04", false},
		"text":                     {"text/plain", "参加人员：张三，李四\n", true},
		"a list":                   {"text/csv", "name,hours\nWang,2\nLi,3\n", true},
		"a list for text":          {"text/plain", "name,hours\nWang,2\nLi,3\n", true},
		"a page for text":          {"text/plain", "<!DOCTYPE html><html><script>alert(1)</script>", false},
		"a drawing for text":       {"text/plain", `<svg xmlns="http://www.w3.org/2000/svg" onload="x()"/>`, false},
		"a drawing for a picture":  {"image/png", `<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>`, false},
		"a program for text":       {"text/plain", "MZ\x90\x00\x03\x00\x00\x00\x04\x00\x00\x00\xff\xff", false},
		"a script for text":        {"text/plain", "#!/bin/sh\nrm -rf /\n", false},
		"a film":                   {"video/mp4", "\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom", true},
		"a film from a telephone":  {"video/quicktime", "\x00\x00\x00\x14ftypqt  \x00\x00\x00\x00qt  ", true},
		"a photo from a telephone": {"image/heic", "\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic", true},
		"nothing":                  {"image/png", "", false},
	} {
		err := file.Fits(tt.mediaType, []byte(tt.head))
		if (err == nil) != tt.fits || err != nil && !fault.Is(err, file.CodeNotThatType) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	for _, bad := range []string{"text/html", "image/svg+xml", "application/zip", "application/javascript", "application/xml"} {
		if slices.Contains(file.Types(), bad) {
			t.Errorf("%s is taken", bad)
		}
	}
}
