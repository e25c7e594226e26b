package graph_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/cobuild/cobuild/graph/graphtest"
)

// account makes a service account of the town's unit and an API key of it, under the name by which the town asks.
func account(t *testing.T, w *graphtest.Town, name string, scopes ...string) (account, key string) {
	t.Helper()
	return accountOf(t, w, "liaison", "LIAISON", w.Unit, name, scopes...)
}

// hosts makes one of the town's community.
func hosts(t *testing.T, w *graphtest.Town, name string, scopes ...string) {
	t.Helper()
	accountOf(t, w, "secretary", "SECRETARY", w.Community, name, scopes...)
}

func accountOf(t *testing.T, w *graphtest.Town, by, role, of, name string, scopes ...string) (account, key string) {
	t.Helper()
	if scopes == nil {
		scopes = []string{}
	}
	made := w.Do(t, by, "createServiceAccount", m{
		"organisation": of, "name": name, "purpose": "brings what our own system knows", "role": role, "scopes": scopes,
	}, "serviceAccount { id }").Fine()
	k := w.Do(t, by, "createApiKey", m{"serviceAccount": made.Str("it.serviceAccount.id"), "name": "server"}, "key").Fine()
	w.Lend(name, k.Str("it.key"))
	return made.Str("it.serviceAccount.id"), k.Str("it.key")
}

func TestAServiceAccountIsMadeUsedAndEnded(t *testing.T) {
	w := graphtest.NewTown(t)
	in := m{"organisation": w.Unit, "name": "ERP", "purpose": "reports", "role": "LIAISON", "scopes": []string{"CONTRACTS_READ"}}
	const ask = "serviceAccount { id version name purpose role scopes status expiresAt createdBy organisation { name } apiKeys { id } }"
	w.Do(t, "", "createServiceAccount", in, ask).Is("UNAUTHENTICATED")
	w.Do(t, "outsider", "createServiceAccount", in, ask).Is("FORBIDDEN")
	w.Do(t, "secretary", "createServiceAccount", in, ask).Is("FORBIDDEN")
	bad := m{"organisation": w.Unit, "name": "", "purpose": "reports", "role": "SECRETARY", "scopes": []string{"CONTRACTS_SIGN"}}
	if a := w.Do(t, "liaison", "createServiceAccount", bad, ask); a.Len("it.errors") != 3 {
		t.Errorf("all that is wrong: %s", a.Text)
	}
	made := w.Do(t, "liaison", "createServiceAccount", in, ask).Fine()
	if made.Str("it.serviceAccount.organisation.name") != "恒远机械有限公司" || made.Str("it.serviceAccount.status") != "ACTIVE" {
		t.Errorf("made: %s", made.Text)
	}
	of := made.Str("it.serviceAccount.id")
	w.Do(t, "outsider", "createApiKey", m{"serviceAccount": of, "name": "n"}, "key").Is("NOT_FOUND")
	key := w.Do(t, "liaison", "createApiKey", m{"serviceAccount": of, "name": "server", "clientMutationId": "k1"},
		"key apiKey { id hint expiresAt } serviceAccount { version }").Fine()
	if again := w.Do(t, "liaison", "createApiKey", m{"serviceAccount": of, "name": "server", "clientMutationId": "k1"}, "key"); again.Is("ALREADY_DONE").Get("it.key") != nil {
		t.Errorf("a key is shown twice: %s", again.Text)
	}
	w.Lend("erp", key.Str("it.key"))
	me := w.Ask(t, "erp", `{ viewer { id } thisServiceAccount { id role scopes apiKeys { name lastUsedAt } } }`).Fine()
	if me.Get("viewer") != nil || me.Str("thisServiceAccount.id") != of || me.Str("thisServiceAccount.apiKeys.0.lastUsedAt") == "" {
		t.Errorf("it is %s", me.Text)
	}
	if a := w.Ask(t, "liaison", `query($o: ID!) { serviceAccounts(organisation: $o, first: 5, filter: {status: {eq: ACTIVE}}) { totalCount nodes { id apiKeys { hint } } } thisServiceAccount { id } }`,
		"o", w.Unit).Fine(); a.Int("serviceAccounts.totalCount") != 1 || a.Get("thisServiceAccount") != nil {
		t.Errorf("listed: %s", a.Text)
	}
	w.Ask(t, "outsider", `query($o: ID!) { serviceAccounts(organisation: $o, first: 5) { nodes { id } } }`, "o", w.Unit).Is("FORBIDDEN")
	if a := w.Ask(t, "outsider", `query($i: ID!) { node(id: $i) { id } serviceAccount(id: $i) { id } }`, "i", of).Fine(); a.Get("node") != nil || a.Get("serviceAccount") != nil {
		t.Errorf("the outsider finds it: %s", a.Text)
	}
	update := m{"id": of, "expectedVersion": key.Int("it.serviceAccount.version"), "scopes": []string{"PEOPLE_READ"}, "name": "ERP 2"}
	w.Do(t, "secretary", "updateServiceAccount", update, "serviceAccount { id }").Is("NOT_FOUND")
	changed := w.Do(t, "supervisor", "updateServiceAccount", update, "serviceAccount { version name scopes }").Fine()
	w.Do(t, "supervisor", "updateServiceAccount", update, "serviceAccount { version }").Is("CONFLICT")
	stop := m{"id": of, "expectedVersion": changed.Int("it.serviceAccount.version"), "reason": "a lost laptop"}
	stopped := w.Do(t, "liaison", "disableServiceAccount", stop, "serviceAccount { version status reason }").Fine()
	if a := w.Ask(t, "erp", `{ thisServiceAccount { id } }`); a.Status != http.StatusUnauthorized {
		t.Errorf("disabled, it gets %d %s", a.Status, a.Text)
	}
	enabled := w.Do(t, "liaison", "enableServiceAccount", m{"id": of, "expectedVersion": stopped.Int("it.serviceAccount.version")}, "serviceAccount { version status reason }").Fine()
	w.Ask(t, "erp", `{ thisServiceAccount { id } }`).Fine()
	w.Do(t, "liaison", "revokeApiKey", m{"id": key.Str("it.apiKey.id")}, "serviceAccount { apiKeys { revokedAt } }").Fine()
	w.Do(t, "liaison", "revokeApiKey", m{"id": of}, "serviceAccount { id }").Is("WRONG_ID")
	if a := w.Ask(t, "erp", `{ thisServiceAccount { id } }`); a.Status != http.StatusUnauthorized {
		t.Errorf("with a revoked key it gets %d %s", a.Status, a.Text)
	}
	stop["expectedVersion"] = enabled.Int("it.serviceAccount.version") + 1
	w.Do(t, "liaison", "endServiceAccount", stop, "serviceAccount { status }").Fine()
	w.Do(t, "liaison", "rotateClientSecret", m{"serviceAccount": of}, "secret").Is("SERVICE_ACCOUNT_STATE")
}

func TestATokenWithoutTheScopeGetsNothingByAnyWay(t *testing.T) {
	w := graphtest.NewTown(t)
	of, _ := account(t, w, "reader", "CONTRACTS_READ")
	account(t, w, "nothing")
	c := negotiated(t, w).Str("it.contract.id")
	for who, want := range map[string]string{"reader": "", "nothing": "SCOPE_MISSING"} {
		w.Ask(t, who, `query($c: ID!) { contract(id: $c) { id } }`, "c", c).Is(want)
		w.Ask(t, who, `{ contracts(first: 1) { nodes { id } } }`).Is(want)
		seen := w.Ask(t, who, `query($c: ID!) { node(id: $c) { id } nodes(ids: [$c]) { id } }`, "c", c).Fine()
		if hidden := seen.Get("node") == nil && seen.Get("nodes.0") == nil; hidden != (want != "") {
			t.Errorf("%s finds by node: %s", who, seen.Text)
		}
	}
	a := w.Ask(t, "nothing", `{ contracts(first: 1) { nodes { id } } }`)
	if a.Errors[0].Message == "" || !strings.Contains(a.Errors[0].Message, "CONTRACTS_READ") {
		t.Errorf("the refusal does not name the scope: %s", a.Text)
	}
	w.Ask(t, "reader", `{ people(organisation: "`+w.Unit+`", first: 1) { nodes { id } } }`).Is("SCOPE_MISSING")
	if a := w.Ask(t, "reader", `query($i: ID!) { node(id: $i) { id } }`, "i", of).Fine(); a.Get("node") != nil {
		t.Errorf("without PEOPLE_READ it finds accounts: %s", a.Text)
	}
	w.Do(t, "reader", "proposeContract", m{"id": c, "expectedVersion": 1}, "contract { id }").Is("SCOPE_MISSING")
	w.Do(t, "reader", "registerSigningKey", m{"organisation": w.Unit, "clientMutationId": "x"}, "signingKey { id }").Is("SCOPE_MISSING")
	if a := w.Ask(t, "nothing", `{ communities(first: 5) { nodes { name } } viewer { id } }`).Fine(); a.Len("communities.nodes") != 2 {
		t.Errorf("what everybody may see: %s", a.Text)
	}
}

func TestAServiceAccountDoesWhatItsRoleDoesAndNothingThatPeopleDo(t *testing.T) {
	w := graphtest.NewTown(t)
	of, _ := account(t, w, "erp", "CONTRACTS_READ", "CONTRACTS_WRITE", "PEOPLE_READ", "PEOPLE_WRITE")
	for mutation, in := range map[string]m{
		"changePassword":          {"oldPassword": "x", "newPassword": "a long new password"},
		"signOut":                 {"everywhere": true},
		"markRead":                {"upTo": "2026-03-02T00:00:00Z"},
		"setNotificationSettings": {"expectedVersion": 1},
		"createServiceAccount":    {"organisation": w.Unit, "name": "n", "purpose": "p", "role": "LIAISON", "scopes": []string{}},
		"createApiKey":            {"serviceAccount": of, "name": "n"},
		"rotateClientSecret":      {"serviceAccount": of},
		"endServiceAccount":       {"id": of, "expectedVersion": 2, "reason": "r"},
		"invitePerson":            {"role": "MEMBER", "organisation": w.Unit},
	} {
		in["clientMutationId"] = "m-" + mutation
		w.Do(t, "erp", mutation, in, "__typename").Is("PERSON_NEEDED")
	}
	w.Ask(t, "erp", `{ sessions(first: 1) { nodes { id } } }`).Is("PERSON_NEEDED")
	w.Ask(t, "erp", `{ notificationSettings { version } }`).Is("PERSON_NEEDED")
	w.Ask(t, "erp", `{ notifications(first: 1) { nodes { id } } }`).Is("PERSON_NEEDED")
	if a := w.Ask(t, "erp", `query($o: ID!) { people(organisation: $o, first: 5) { nodes { name } } }`, "o", w.Unit).Fine(); a.Len("people.nodes") != 1 {
		t.Errorf("the people of its organisation: %s", a.Text)
	}
	steward := w.Ask(t, "liaison", `{ viewer { roles { id } } }`).Str("viewer.roles.0.id")
	w.Do(t, "erp", "revokeRole", m{"role": steward}, "person { id }").Is("CLIENT_MUTATION_ID_REQUIRED")
	if a := w.Do(t, "erp", "revokeRole", m{"role": steward, "clientMutationId": "r"}, "person { id }"); a.Code() != "" {
		t.Errorf("taking a role away: %s", a.Text)
	}
}

func TestAServiceAccountNamesWhatItMakes(t *testing.T) {
	w := graphtest.NewTown(t)
	hosts(t, w, "erp", "CONTRACTS_READ", "CONTRACTS_WRITE")
	hosts(t, w, "other", "CONTRACTS_READ", "CONTRACTS_WRITE")
	in := draft(w)
	a := w.Do(t, "erp", "draftContract", in, "contract { id }").Is("CLIENT_MUTATION_ID_REQUIRED")
	if a.At() != "clientMutationId" || a.Get("it.contract") != nil {
		t.Errorf("unnamed: %s", a.Text)
	}
	in["clientMutationId"] = "draft-1"
	first := w.Do(t, "erp", "draftContract", in, "contract { id version }").Fine()
	again := w.Do(t, "erp", "draftContract", in, "contract { id }").Fine()
	if again.Str("it.contract.id") != first.Str("it.contract.id") || again.Get("it.replayed") != true {
		t.Errorf("sent again: %s", again.Text)
	}
	other := w.Do(t, "other", "draftContract", in, "contract { id }").Fine()
	if other.Str("it.contract.id") == first.Str("it.contract.id") || other.Get("it.replayed") != false {
		t.Errorf("two accounts share their names: %s", other.Text)
	}
	w.Do(t, "erp", "proposeContract", m{"id": first.Str("it.contract.id"), "expectedVersion": first.Int("it.contract.version")}, "contract { status }").Fine()
	w.Do(t, "secretary", "draftContract", draft(w), "contract { id }").Fine() // a person need not
}

// ask posts a form to an address of OAuth.
func form(t *testing.T, w *graphtest.Town, path string, values url.Values, alter ...func(*http.Request)) (*httptest.ResponseRecorder, m) {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(values.Encode())).WithContext(t.Context())
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for _, a := range alter {
		a(r)
	}
	rec := httptest.NewRecorder()
	w.Handler.ServeHTTP(rec, r)
	var body m
	if err := json.Unmarshal(rec.Body.Bytes(), &body); err != nil {
		t.Fatalf("%s: %v", rec.Body, err)
	}
	if got := rec.Header().Get("Cache-Control"); got != "no-store" && rec.Code != http.StatusForbidden {
		t.Errorf("%s may be kept: %q", path, got)
	}
	return rec, body
}

func basic(id, secret string) func(*http.Request) {
	return func(r *http.Request) { r.SetBasicAuth(url.QueryEscape(id), url.QueryEscape(secret)) }
}

func TestAProgramGetsATokenLooksAtItAndGivesItBack(t *testing.T) {
	w := graphtest.NewTown(t)
	of, _ := account(t, w, "erp", "CONTRACTS_READ", "CONTRACTS_WRITE")
	secret := w.Do(t, "liaison", "rotateClientSecret", m{"serviceAccount": of}, "secret serviceAccount { clientSecrets { id endsAt } }").Fine().Str("it.secret")
	grant := url.Values{"grant_type": {"client_credentials"}, "scope": {"CONTRACTS_READ"}}
	rec, body := form(t, w, "/oauth/token", grant, basic(of, secret))
	if rec.Code != http.StatusOK || body["token_type"] != "Bearer" || body["expires_in"] != 600.0 || body["scope"] != "CONTRACTS_READ" {
		t.Fatalf("got %d %s", rec.Code, rec.Body)
	}
	token, _ := body["access_token"].(string)
	w.Lend("token", token)
	w.Ask(t, "token", `{ contracts(first: 1) { nodes { id } } }`).Fine()
	w.Do(t, "token", "draftContract", draft(w), "contract { id }").Is("SCOPE_MISSING")
	post := url.Values{"client_id": {of}, "client_secret": {secret}}
	grant.Del("scope")
	maps.Copy(grant, post)
	if rec, body := form(t, w, "/oauth/token", grant); rec.Code != http.StatusOK || body["scope"] != "CONTRACTS_READ CONTRACTS_WRITE" {
		t.Errorf("by client_secret_post: %d %s", rec.Code, rec.Body)
	}
	look := url.Values{"token": {token}}
	rec, body = form(t, w, "/oauth/introspect", look, basic(of, secret))
	if rec.Code != http.StatusOK || body["active"] != true || body["client_id"] != of || body["iss"] != "https://cobuild.test" || body["scope"] != "CONTRACTS_READ" {
		t.Errorf("looked at: %d %s", rec.Code, rec.Body)
	}
	if rec, _ := form(t, w, "/oauth/introspect", url.Values{"token": {"nonsense"}}, basic(of, secret)); strings.TrimSpace(rec.Body.String()) != `{"active":false}` {
		t.Errorf("nonsense is %s", rec.Body)
	}
	if rec, _ := form(t, w, "/oauth/revoke", look, basic(of, secret)); rec.Code != http.StatusOK {
		t.Errorf("given back: %d %s", rec.Code, rec.Body)
	}
	if a := w.Ask(t, "token", `{ viewer { id } }`); a.Status != http.StatusUnauthorized {
		t.Errorf("a token that was given back: %d", a.Status)
	}
}

func TestTheAddressesOfOAuthRefuseByTheWordsOfTheRFCs(t *testing.T) {
	w := graphtest.NewTown(t)
	of, _ := account(t, w, "erp", "CONTRACTS_READ")
	secret := w.Do(t, "liaison", "rotateClientSecret", m{"serviceAccount": of}, "secret").Fine().Str("it.secret")
	good := func() url.Values {
		return url.Values{"grant_type": {"client_credentials"}, "client_id": {of}, "client_secret": {secret}}
	}
	with := func(name string, values ...string) url.Values {
		v := good()
		if v[name] = values; len(values) == 0 {
			v.Del(name)
		}
		return v
	}
	header := func(name, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(name, value) }
	}
	for name, c := range map[string]struct {
		path   string
		form   url.Values
		alter  []func(*http.Request)
		status int
		code   string
	}{
		"no grant":             {"token", with("grant_type"), nil, 400, "invalid_request"},
		"a password":           {"token", with("grant_type", "password"), nil, 400, "unsupported_grant_type"},
		"a refresh token":      {"token", with("grant_type", "refresh_token"), nil, 400, "unsupported_grant_type"},
		"a code":               {"token", with("grant_type", "authorization_code"), nil, 400, "unsupported_grant_type"},
		"given twice":          {"token", with("scope", "CONTRACTS_READ", "CONTRACTS_READ"), nil, 400, "invalid_request"},
		"a scope not had":      {"token", with("scope", "CONTRACTS_WRITE"), nil, 400, "invalid_scope"},
		"a wrong secret":       {"token", with("client_secret", "cbs_x"), nil, 401, "invalid_client"},
		"no proof":             {"token", with("client_secret"), nil, 401, "invalid_client"},
		"nobody":               {"token", with("client_id", "sva1_00000000000000000000000000"), nil, 401, "invalid_client"},
		"two proofs":           {"token", good(), []func(*http.Request){basic(of, secret)}, 400, "invalid_request"},
		"a wrong Basic":        {"token", with("client_secret"), []func(*http.Request){basic(of, "wrong")}, 401, "invalid_client"},
		"another scheme":       {"token", with("client_secret"), []func(*http.Request){header("Authorization", "Bearer x")}, 401, "invalid_client"},
		"an untyped assertion": {"token", url.Values{"grant_type": {"client_credentials"}, "client_assertion": {"a.b.c"}}, nil, 400, "invalid_request"},
		"a bad assertion": {"token", url.Values{
			"grant_type": {"client_credentials"}, "client_assertion": {"a.b.c"},
			"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
		}, nil, 401, "invalid_client"},
		"JSON":              {"token", good(), []func(*http.Request){header("Content-Type", "application/json")}, 400, "invalid_request"},
		"text":              {"token", good(), []func(*http.Request){header("Content-Type", "text/plain")}, 400, "invalid_request"},
		"in the address":    {"token?grant_type=client_credentials", good(), nil, 400, "invalid_request"},
		"a giant":           {"token", with("scope", strings.Repeat("x", 20<<10)), nil, 400, "invalid_request"},
		"GET":               {"token", good(), []func(*http.Request){func(r *http.Request) { r.Method = http.MethodGet }}, 405, "invalid_request"},
		"nothing to revoke": {"revoke", good(), nil, 400, "invalid_request"},
		"a refresh token to revoke": {"revoke", func() url.Values {
			v := with("token", "x")
			v.Set("token_type_hint", "refresh_token")
			return v
		}(), nil, 400, "unsupported_token_type"},
		"nothing to look at": {"introspect", good(), nil, 400, "invalid_request"},
		"looking as nobody":  {"introspect", url.Values{"token": {"x"}}, nil, 401, "invalid_client"},
	} {
		t.Run(name, func(t *testing.T) {
			from := append(slices.Clone(c.alter), func(r *http.Request) { r.RemoteAddr = "[2001:db8::" + hexed(name) + "]:1" })
			rec, body := form(t, w, "/oauth/"+c.path, c.form, from...)
			if rec.Code != c.status || body["error"] != c.code || body["error_description"] == "" {
				t.Errorf("got %d %s", rec.Code, rec.Body)
			}
			if basic := rec.Header().Get("WWW-Authenticate") != ""; basic != (c.status == 401 && c.alter != nil) {
				t.Errorf("WWW-Authenticate: %q", rec.Header().Get("WWW-Authenticate"))
			}
			if strings.Contains(rec.Body.String(), secret) {
				t.Error("the answer holds the secret")
			}
		})
	}
	foreign := func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") }
	if rec, _ := form(t, w, "/oauth/token", good(), foreign); rec.Code != http.StatusForbidden {
		t.Errorf("a page of another website gets %d", rec.Code)
	}
	if strings.Contains(w.Log(), secret) {
		t.Error("the log holds the secret")
	}
}

// hexed is an address of its own for each name.
func hexed(name string) string {
	const digits = "0123456789abcdef"
	var b strings.Builder
	sum := 0
	for _, c := range name {
		sum = sum*31 + int(c)
	}
	for range 4 {
		b.WriteByte(digits[sum&15])
		sum >>= 4
	}
	return b.String()
}

func TestGuessesAtSecretsWaitAtEveryDoor(t *testing.T) {
	w := graphtest.NewTown(t)
	of, key := account(t, w, "erp")
	secret := w.Do(t, "liaison", "rotateClientSecret", m{"serviceAccount": of}, "secret").Fine().Str("it.secret")
	grant := url.Values{"grant_type": {"client_credentials"}}
	for range 5 {
		if rec, _ := form(t, w, "/oauth/token", grant, basic(of, "guess")); rec.Code != http.StatusUnauthorized {
			t.Fatalf("a guess gets %d", rec.Code)
		}
	}
	rec, body := form(t, w, "/oauth/token", grant, basic(of, secret))
	if rec.Code != http.StatusTooManyRequests || rec.Header().Get("Retry-After") == "" || body["error"] != "temporarily_unavailable" {
		t.Errorf("one guess too many: %d %s", rec.Code, rec.Body)
	}
	elsewhere := func(r *http.Request) { r.RemoteAddr = "198.51.100.7:1" }
	if rec, _ := form(t, w, "/oauth/token", grant, basic(of, secret), elsewhere); rec.Code != http.StatusOK {
		t.Errorf("the account is closed to others: %d %s", rec.Code, rec.Body)
	}
	w.Lend("erp", key)
	w.Ask(t, "erp", `{ thisServiceAccount { id } }`).Fine()
}

func TestTheMetadataTellClientsWhereThingsAre(t *testing.T) {
	w := graphtest.NewTown(t)
	rec := httptest.NewRecorder()
	w.Handler.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/.well-known/oauth-authorization-server", http.NoBody).WithContext(t.Context()))
	var told m
	if err := json.Unmarshal(rec.Body.Bytes(), &told); err != nil {
		t.Fatalf("%d %s: %v", rec.Code, rec.Body, err)
	}
	if told["issuer"] != "https://cobuild.test" || told["token_endpoint"] != "https://cobuild.test/oauth/token" ||
		!strings.HasPrefix(rec.Header().Get("Content-Type"), "application/json") {
		t.Errorf("told %s", rec.Body)
	}
}

func TestAReportsAddressIsGivenToProgramsToo(t *testing.T) {
	w := graphtest.NewTown(t)
	of, _ := account(t, w, "erp", "CONTRACTS_READ")
	a := w.Ask(t, "erp", `query($o: ID!) { report(scope: {organisation: $o}, period: {year: 2026, quarter: 1}) { document(format: HTML, language: EN) { url } } }`, "o", w.Unit)
	if a.Code() != "" {
		t.Fatalf("the report: %s", a.Text)
	}
	get := func() int {
		rec := httptest.NewRecorder()
		w.Handler.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, a.Str("report.document.url"), http.NoBody).WithContext(t.Context()))
		return rec.Code
	}
	if got := get(); got != http.StatusOK {
		t.Errorf("the document: %d", got)
	}
	w.Do(t, "liaison", "endServiceAccount", m{"id": of, "expectedVersion": 2, "reason": "r"}, "serviceAccount { id }").Fine()
	if got := get(); got == http.StatusOK {
		t.Error("the address outlives the account")
	}
}
