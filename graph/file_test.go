package graph_test

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/cobuild/cobuild/graph/graphtest"
	"github.com/cobuild/cobuild/internal/platform/web/transfer"
)

// photograph is what a file holds in these tests.
const photograph = "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR a photograph of the hall"

func hashOfText(data string) string {
	sum := sha256.Sum256([]byte(data))
	return hex.EncodeToString(sum[:])
}

// upload is the input of startUpload, for a photograph.
func upload(of, data string) m {
	return m{"organisation": of, "name": "礼堂 照片.png", "size": len(data), "sha256": hashOfText(data), "mediaType": "image/png"}
}

const uploadFields = "file { id version status expiresAt } upload { url method expiresAt headers { name value } } "

// carry sends or fetches bytes at an address.
func carry(t *testing.T, w *graphtest.House, method, address, data string, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, address, strings.NewReader(data))
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	rec := httptest.NewRecorder()
	w.Handler.ServeHTTP(rec, r)
	return rec
}

// brought is a file of an organisation's that has come.
func brought(t *testing.T, w *graphtest.House, who, of, data string) string {
	t.Helper()
	a := w.Do(t, who, "startUpload", upload(of, data), uploadFields).Fine()
	if rec := carry(t, w, http.MethodPut, a.Str("it.upload.url"), data); rec.Code != http.StatusNoContent {
		t.Fatalf("sent: %d %s", rec.Code, rec.Body)
	}
	return a.Str("it.file.id")
}

// fileOf is a file as somebody finds it.
func fileOf(t *testing.T, w *graphtest.House, who, id string) *graphtest.Answer {
	t.Helper()
	return w.Ask(t, who, `query($f: ID!) { node(id: $f) { ... on File {
		version name size mediaType sha256 status organisation { id } attachedTo { __typename id } personName address { url expiresAt }
	} } }`, "f", id).Fine()
}

// performed is a contract in force with a performance to be reported with a photograph, and the input of that.
func performed(t *testing.T) (*graphtest.Town, string, m) {
	t.Helper()
	w := graphtest.NewTown(t)
	c := active(t, w).Str("it.contract.id")
	w.Pass(t, 13*24*time.Hour)
	due := w.Ask(t, "liaison", `{ fulfilments(first: 1) { nodes { id version } } }`).Fine()
	return w, c, m{
		"id": due.Str("fulfilments.nodes.0.id"), "expectedVersion": due.Int("fulfilments.nodes.0.version"), "note": "演出一场", "quantityDone": "1",
	}
}

const evidenceFields = "fulfilment { status report { evidence { sha256 url file { id name status address { url } } } } } "

func TestEvidenceIsSentHereAndReadByWhoReadsTheFulfilment(t *testing.T) {
	w, _, report := performed(t)
	start := w.Do(t, "liaison", "startUpload", upload(w.Unit, photograph), uploadFields).Fine()
	if start.Str("it.file.status") != "PENDING" || start.Str("it.upload.method") != "PUT" || start.Str("it.upload.headers.0.value") != "image/png" {
		t.Errorf("started: %s", start.Text)
	}
	f, address := start.Str("it.file.id"), start.Str("it.upload.url")
	report["evidence"] = []m{{"kind": "PHOTO", "description": "演出照片", "file": f}}
	early := w.Do(t, "liaison", "reportFulfilment", report, evidenceFields).Is("FILE_NOT_READY")
	if early.At() != "evidence.0.file" {
		t.Errorf("at %s", early.At())
	}
	if rec := carry(t, w.House, http.MethodPut, address, photograph); rec.Code != http.StatusNoContent {
		t.Fatalf("%d %s", rec.Code, rec.Body)
	}
	if a := fileOf(t, w.House, "secretary", f); a.Get("node") != nil {
		t.Errorf("the host sees what waits: %s", a.Text)
	}
	if a := w.Ask(t, "liaison", `query($o: ID!) { files(organisation: $o) { totalCount nodes { id status attachedTo { id } } } }`, "o", w.Unit).Fine(); a.Str("files.nodes.0.status") != "READY" || a.Get("files.nodes.0.attachedTo") != nil {
		t.Errorf("waiting: %s", a.Text)
	}
	done := w.Do(t, "liaison", "reportFulfilment", report, evidenceFields).Fine()
	const e = "it.fulfilment.report.evidence.0."
	if done.Str(e+"file.status") != "ATTACHED" || done.Str(e+"sha256") != hashOfText(photograph) || done.Get(e+"url") != nil || done.Str(e+"file.name") != "礼堂 照片.png" {
		t.Errorf("reported: %s", done.Text)
	}
	for who, sees := range map[string]bool{"secretary": true, "steward": true, "supervisor": true, "auditor": true, "liaison": true, "outsider": false, "stranger": false, "admin": false} {
		a := fileOf(t, w.House, who, f)
		if (a.Get("node") != nil) != sees {
			t.Errorf("%s: %s", who, a.Text)
			continue
		}
		if !sees {
			continue
		}
		if a.Str("node.attachedTo.id") != report["id"] || a.Str("node.personName") != "Name of liaison" || a.Str("node.organisation.id") != w.Unit {
			t.Errorf("%s: %s", who, a.Text)
		}
		rec := carry(t, w.House, http.MethodGet, a.Str("node.address.url"), "")
		if rec.Code != http.StatusOK || rec.Body.String() != photograph {
			t.Errorf("%s fetches %d %q", who, rec.Code, rec.Body)
		}
		h := rec.Header()
		if h.Get("Content-Type") != "image/png" || h.Get("X-Content-Type-Options") != "nosniff" || h.Get("ETag") != `"`+hashOfText(photograph)+`"` ||
			!strings.Contains(h.Get("Content-Security-Policy"), "sandbox") || h.Get("Content-Disposition") != "inline; filename*=utf-8''%E7%A4%BC%E5%A0%82%20%E7%85%A7%E7%89%87.png" {
			t.Errorf("%s fetches with %v", who, h)
		}
	}
	if a := w.Ask(t, "liaison", `query($o: ID!) { files(organisation: $o) { nodes { id } } }`, "o", w.Unit).Fine(); a.Len("files.nodes") != 0 {
		t.Errorf("still waiting: %s", a.Text)
	}
	if strings.Contains(w.Log(), "礼堂") || strings.Contains(w.Log(), "mac=") || strings.Contains(string(w.File(t)), "礼堂 照片") {
		t.Error("the name of a file, or its address, is in the log or in clear in the store")
	}
}

func TestAnAddressOfAFileEndsWithTheRightAndTheSession(t *testing.T) {
	w, _, report := performed(t)
	f := brought(t, w.House, "liaison", w.Unit, photograph)
	report["evidence"] = []m{{"kind": "PHOTO", "description": "演出照片", "file": f}}
	w.Do(t, "liaison", "reportFulfilment", report, evidenceFields).Fine()
	address := fileOf(t, w.House, "steward", f).Str("node.address.url")
	fetched := func() int { return carry(t, w.House, http.MethodGet, address, "").Code }
	if got := fetched(); got != http.StatusOK {
		t.Fatalf("got %d", got)
	}
	role := w.Ask(t, "steward", `{ viewer { roles { id } } }`).Fine().Str("viewer.roles.0.id")
	w.Do(t, "secretary", "revokeRole", m{"role": role}, "person { id }").Fine()
	if got := fetched(); got != http.StatusNotFound {
		t.Errorf("without the role: %d", got)
	}
	address = fileOf(t, w.House, "secretary", f).Str("node.address.url")
	w.Pass(t, transfer.DownloadFor)
	rec := carry(t, w.House, http.MethodGet, address, "", "Accept-Language", "zh-CN")
	if rec.Code != http.StatusForbidden || !strings.Contains(rec.Body.String(), "FILE_ADDRESS_EXPIRED") || !strings.Contains(rec.Body.String(), "请重新获取") {
		t.Errorf("after five minutes: %d %s", rec.Code, rec.Body)
	}
	address = fileOf(t, w.House, "auditor", f).Str("node.address.url")
	w.Do(t, "auditor", "signOut", m{}, "").Fine()
	w.Forget("auditor")
	if rec := carry(t, w.House, http.MethodGet, address, ""); rec.Code != http.StatusForbidden || !strings.Contains(rec.Body.String(), "FILE_ADDRESS_INVALID") {
		t.Errorf("signed out: %d %s", rec.Code, rec.Body)
	}
}

func TestWhatIsWrongWithAFileIsToldAtItsField(t *testing.T) {
	w, c, report := performed(t)
	for _, tt := range []struct {
		more     m
		code, at string
	}{
		{m{"name": "../a.png"}, "FILE_NAME", "name"},
		{m{"name": "a\nb"}, "CONTROL_CHARACTER", "name"},
		{m{"size": 0}, "FILE_EMPTY", "size"},
		{m{"size": 50<<20 + 1}, "FILE_TOO_LARGE", "size"},
		{m{"sha256": "abc"}, "MALFORMED", "sha256"},
		{m{"mediaType": "text/html"}, "FILE_TYPE_NOT_ALLOWED", "mediaType"},
		{m{"organisation": c}, "WRONG_ID", "organisation"},
	} {
		a := w.Do(t, "liaison", "startUpload", with(upload(w.Unit, photograph), tt.more), uploadFields).Is(tt.code)
		if a.At() != tt.at || a.Get("it.file") != nil || a.Get("it.upload") != nil {
			t.Errorf("%s: %s", tt.code, a.Text)
		}
	}
	w.Do(t, "secretary", "startUpload", upload(w.Unit, photograph), uploadFields).Is("FORBIDDEN")
	w.Do(t, "steward", "startUpload", upload(w.Community, photograph), uploadFields).Is("FORBIDDEN")
	own, mine := brought(t, w.House, "secretary", w.Community, photograph), brought(t, w.House, "liaison", w.Unit, photograph)
	other := strings.Replace(hashOfText(photograph), hashOfText(photograph)[:4], "0000", 1)
	for _, tt := range []struct {
		who, code, at string
		evidence      []m
	}{
		{"liaison", "NOT_FOUND", "evidence.0.file", []m{{"file": own}}}, // the host's, which waits
		{"liaison", "NOT_FOUND", "evidence.1.file", []m{{"file": mine}, {"file": "fil1_01k9x3c7m2h0v5t8w4qg6znbyd"}}},
		{"liaison", "DUPLICATE", "evidence.1.file", []m{{"file": mine}, {"file": mine}}},
		{"liaison", "EVIDENCE_TWICE", "evidence.0.url", []m{{"file": mine, "url": "https://example.org/1.jpg"}}},
		{"liaison", "EVIDENCE_HASH_DIFFERS", "evidence.0.sha256", []m{{"file": mine, "sha256": other}}},
		{"liaison", "WRONG_ID", "evidence.0.file", []m{{"file": w.Unit}}},
	} {
		for _, e := range tt.evidence {
			e["kind"], e["description"] = "PHOTO", "照片"
		}
		a := w.Do(t, tt.who, "reportFulfilment", with(report, m{"evidence": tt.evidence}), evidenceFields).Is(tt.code)
		if a.At() != tt.at {
			t.Errorf("%s is told at %s", tt.code, a.At())
		}
	}
	if a := fileOf(t, w.House, "liaison", mine); a.Str("node.status") != "READY" {
		t.Errorf("after refusals: %s", a.Text)
	}
	good := with(report, m{"evidence": []m{{"kind": "PHOTO", "description": "照片", "file": mine, "sha256": hashOfText(photograph)}}})
	w.Do(t, "liaison", "reportFulfilment", good, evidenceFields).Fine()
	next := w.Ask(t, "liaison", `{ fulfilments(first: 1, filter: {status: {eq: DUE}}) { nodes { id version } } }`).Fine()
	again := with(good, m{"id": next.Str("fulfilments.nodes.0.id"), "expectedVersion": next.Int("fulfilments.nodes.0.version")})
	w.Do(t, "liaison", "reportFulfilment", again, evidenceFields).Is("FILE_ALREADY_ATTACHED")
	version := fileOf(t, w.House, "liaison", mine).Int("node.version")
	w.Do(t, "liaison", "removeFile", m{"id": mine, "expectedVersion": version}, "file { id }").Is("FILE_IS_EVIDENCE")
}

func TestWhatIsWrongWithBytesIsAnsweredInTheReadersLanguage(t *testing.T) {
	w := graphtest.NewTown(t)
	address := func() string {
		return w.Do(t, "liaison", "startUpload", upload(w.Unit, photograph), uploadFields).Fine().Str("it.upload.url")
	}
	put := func(to, data string) *httptest.ResponseRecorder {
		return carry(t, w.House, http.MethodPut, to, data, "Accept-Language", "zh-CN")
	}
	first := address()
	page := ("<!DOCTYPE html><html>" + strings.Repeat("x", len(photograph)))[:len(photograph)]
	other := strings.Replace(photograph, "hall", "yard", 1)
	for _, tt := range []struct {
		rec          *httptest.ResponseRecorder
		status       int
		code, phrase string
	}{
		{put(first, other), http.StatusBadRequest, "FILE_HASH_DIFFERS", "请重新上传"},
		{put(first, photograph+"!"), http.StatusBadRequest, "FILE_SIZE_DIFFERS", "字节"},
		{put(first, ""), http.StatusBadRequest, "FILE_SIZE_DIFFERS", "字节"},
		{put(first, page), http.StatusUnsupportedMediaType, "FILE_NOT_OF_TYPE", "text/html"},
		{put(strings.Replace(first, "until=", "until=9", 1), photograph), http.StatusForbidden, "FILE_ADDRESS_INVALID", "地址无效"},
		{carry(t, w.House, http.MethodPost, first, photograph, "Accept-Language", "zh-CN"), http.StatusMethodNotAllowed, "METHOD_NOT_ALLOWED", "PUT"},
		{carry(t, w.House, http.MethodGet, first, "", "Accept-Language", "zh-CN"), http.StatusMethodNotAllowed, "METHOD_NOT_ALLOWED", "PUT"},
	} {
		if tt.rec.Code != tt.status || !strings.Contains(tt.rec.Body.String(), tt.code) || !strings.Contains(tt.rec.Body.String(), tt.phrase) {
			t.Errorf("%s: %d %s", tt.code, tt.rec.Code, tt.rec.Body)
		}
	}
	if rec := put(first, photograph); rec.Code != http.StatusNoContent {
		t.Fatalf("%d %s", rec.Code, rec.Body)
	}
	if rec := put(first, photograph); rec.Code != http.StatusConflict && rec.Code != http.StatusBadRequest || !strings.Contains(rec.Body.String(), "FILE_ALREADY_UPLOADED") {
		t.Errorf("a second time: %d %s", rec.Code, rec.Body)
	}
	late := address()
	w.Pass(t, transfer.UploadFor)
	if rec := put(late, photograph); rec.Code != http.StatusForbidden || !strings.Contains(rec.Body.String(), "FILE_ADDRESS_EXPIRED") {
		t.Errorf("too late: %d %s", rec.Code, rec.Body)
	}
	if rec := carry(t, w.House, http.MethodGet, "/files/f/x", ""); rec.Code != http.StatusForbidden {
		t.Errorf("no address: %d %s", rec.Code, rec.Body)
	}
}

func TestAFilmIsFetchedInRangesAndOnceWhileItStays(t *testing.T) {
	w := graphtest.NewTown(t)
	film := "\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom" + strings.Repeat("0123456789", 1000)
	in := with(upload(w.Unit, film), m{"mediaType": "video/mp4", "name": "演出.mp4"})
	a := w.Do(t, "liaison", "startUpload", in, uploadFields).Fine()
	if rec := carry(t, w.House, http.MethodPut, a.Str("it.upload.url"), film); rec.Code != http.StatusNoContent {
		t.Fatalf("%d %s", rec.Code, rec.Body)
	}
	address := fileOf(t, w.House, "liaison", a.Str("it.file.id")).Str("node.address.url")
	if rec := carry(t, w.House, http.MethodGet, address, "", "Range", "bytes=-10"); rec.Code != http.StatusPartialContent || rec.Body.String() != "0123456789" {
		t.Errorf("%d %q", rec.Code, rec.Body)
	}
	if rec := carry(t, w.House, http.MethodHead, address, ""); rec.Code != http.StatusOK || rec.Body.Len() != 0 || rec.Header().Get("Content-Length") == "" {
		t.Errorf("%d %v", rec.Code, rec.Header())
	}
	if rec := carry(t, w.House, http.MethodGet, address, "", "If-None-Match", `"`+hashOfText(film)+`"`); rec.Code != http.StatusNotModified {
		t.Errorf("%d", rec.Code)
	}
}

func TestAPartyAttachesAFileToAContractAndTakesItAway(t *testing.T) {
	w, c, _ := performed(t)
	f := brought(t, w.House, "liaison", w.Unit, photograph)
	version := func() int { return fileOf(t, w.House, "liaison", f).Int("node.version") }
	attach := func(who, contract string, version int) *graphtest.Answer {
		return w.Do(t, who, "attachFile", m{"id": f, "expectedVersion": version, "contract": contract}, "file { status attachedTo { id } } ")
	}
	attach("secretary", c, version()).Is("NOT_FOUND")
	attach("liaison", w.Unit, version()).Is("WRONG_ID")
	attach("liaison", "ctr1_01k9x3c7m2h0v5t8w4qg6znbyd", version()).Is("NOT_FOUND")
	attach("liaison", c, 7).Is("CONFLICT")
	w.Ask(t, "", `mutation($f: ID!) { removeFile(input: {id: $f, expectedVersion: 1}) { errors { code } } }`, "f", f).Is("UNAUTHENTICATED")
	w.Do(t, "secretary", "removeFile", m{"id": f, "expectedVersion": version()}, "file { id }").Is("NOT_FOUND")
	if a := attach("liaison", c, version()).Fine(); a.Str("it.file.status") != "ATTACHED" || a.Str("it.file.attachedTo.id") != c {
		t.Errorf("%s", a.Text)
	}
	attached := func(who string) *graphtest.Answer {
		return w.Ask(t, who, `query($c: ID!) { contract(id: $c) { attachments(first: 5) { totalCount nodes { id name address { url } } } } }`, "c", c).Fine()
	}
	if a := attached("supervisor"); a.Int("contract.attachments.totalCount") != 1 || a.Str("contract.attachments.nodes.0.id") != f {
		t.Errorf("%s", a.Text)
	}
	if a := attached("outsider"); a.Get("contract") != nil {
		t.Errorf("an outsider: %s", a.Text)
	}
	w.Ask(t, "secretary", `query($c: ID!) { contract(id: $c) { attachments { totalCount } } }`, "c", c).Is("BAD_PAGE")
	happened := func(who string) string {
		a := w.Ask(t, who, `{ events(first: 10, filter: {types: ["file.*"]}) { nodes { type subjectId data } } }`).Fine()
		var all []string
		for i := range a.Len("events.nodes") {
			all = append(all, a.Str("events.nodes."+string(rune('0'+i))+".type"))
		}
		if strings.Contains(a.Text, "礼堂") {
			t.Errorf("an event tells a name: %s", a.Text)
		}
		return strings.Join(all, " ")
	}
	for who, want := range map[string]string{"secretary": "file.attached", "auditor": "file.attached", "steward": "file.attached", "outsider": ""} {
		if got := happened(who); got != want {
			t.Errorf("%s is told %q", who, got)
		}
	}
	seen := w.Ask(t, "steward", `query($f: ID!) { whoCanSee(id: $f) { rule organisation { id } } }`, "f", f).Fine()
	if seen.Len("whoCanSee") < 3 || seen.Str("whoCanSee.0.rule") != "contract.read" {
		t.Errorf("who can see: %s", seen.Text)
	}
	w.Do(t, "secretary", "removeFile", m{"id": f, "expectedVersion": version()}, "file { id }").Is("FORBIDDEN")
	w.Do(t, "liaison", "removeFile", m{"id": f, "expectedVersion": version()}, "file { status address { url } } ").Fine()
	if a := attached("secretary"); a.Int("contract.attachments.totalCount") != 0 {
		t.Errorf("%s", a.Text)
	}
	if got := happened("secretary"); got != "file.attached file.removed" {
		t.Errorf("told %q", got)
	}
}

func TestAnUploadIsAnnouncedOnceUnderOneName(t *testing.T) {
	w := graphtest.NewTown(t)
	in := with(upload(w.Unit, photograph), m{"clientMutationId": "a"})
	first := w.Do(t, "liaison", "startUpload", in, uploadFields).Fine()
	again := w.Do(t, "liaison", "startUpload", in, uploadFields).Fine()
	if again.Str("it.file.id") != first.Str("it.file.id") || again.Get("it.replayed") != true || again.Str("it.upload.url") == "" {
		t.Errorf("%s", again.Text)
	}
	if renamed := w.Do(t, "liaison", "startUpload", with(in, m{"name": "b.png"}), uploadFields).Fine(); renamed.Str("it.file.id") != first.Str("it.file.id") {
		t.Errorf("a hash tells of its name: %s", renamed.Text)
	}
	w.Do(t, "liaison", "startUpload", with(in, m{"mediaType": "image/jpeg"}), uploadFields).Is("IDEMPOTENCY_MISMATCH")
}

func TestWhoSentAFileIsForgottenWithTheirAccount(t *testing.T) {
	w, _, report := performed(t)
	w.Person(t, "helper", "LIAISON", w.Unit, false)
	f := brought(t, w.House, "helper", w.Unit, photograph)
	report["evidence"] = []m{{"kind": "PHOTO", "description": "演出照片", "file": f}}
	w.Do(t, "helper", "reportFulfilment", report, evidenceFields).Fine()
	me := w.Ask(t, "helper", `{ viewer { id version } }`).Fine()
	w.Do(t, "helper", "erasePerson", m{"person": me.Str("viewer.id"), "expectedVersion": me.Int("viewer.version"), "password": graphtest.Password}, "person { id }").Fine()
	a := fileOf(t, w.House, "secretary", f)
	if a.Get("node.name") != nil || a.Get("node.personName") != nil || a.Str("node.status") != "ATTACHED" {
		t.Errorf("%s", a.Text)
	}
	rec := carry(t, w.House, http.MethodGet, a.Str("node.address.url"), "")
	if body, err := io.ReadAll(rec.Body); err != nil || rec.Code != http.StatusOK || string(body) != photograph || rec.Header().Get("Content-Disposition") != "inline; filename=file.png" {
		t.Errorf("%d %v", rec.Code, rec.Header())
	}
}
