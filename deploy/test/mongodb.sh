#!/usr/bin/env bash
# Brings up a real server that speaks MongoDB's protocol, for Cobuild's tests. It is made of free software that comes
# through the package registries a build machine reaches anyway:
#
#   - PostgreSQL with the DocumentDB extension, from Debian, unpacked into a folder of its own and run there by chroot;
#     nothing is installed on the machine itself;
#   - FerretDB, the gateway that turns MongoDB's protocol into calls of that extension, by `go install`.
#
# The gateway listens on loopback only, without passwords; PostgreSQL listens on no network at all, only on a socket
# inside the folder. Writes are not flushed to disk: this is for tests, never for anything one wants to keep.
#
# Needs: root, bash, apt, dpkg, Go; the first start also needs the network and takes one to three minutes.
set -euo pipefail

usage() {
  cat <<'TEXT'
usage: deploy/test/mongodb.sh start|stop|status|wipe

  start   bring the server up, unless it is, and print COBUILD_TEST_MONGODB_URI=... as the only line on stdout
  stop    shut it down; the data stays
  status  print the same line when it is up; exit code 1 when it is not
  wipe    shut it down and forget the data; what was downloaded stays

environment:
  COBUILD_TEST_MONGODB_HOME   where everything lives (default: ~/.cache/cobuild/mongodb)
  COBUILD_TEST_MONGODB_PORT   port on 127.0.0.1 (default: the first free one from 27417 on)
  COBUILD_TEST_MONGODB_SUITE  Debian suite that has the extension (default: forky)

exit codes: 0 done, 1 failed, 2 wrong usage, 3 cannot be had on this machine (one sentence on stderr says why)
TEXT
}

home=${COBUILD_TEST_MONGODB_HOME:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/cobuild/mongodb}
suite=${COBUILD_TEST_MONGODB_SUITE:-forky}
gateway_version=v2.7.0
first_port=27417
owner=5432 # user and group that both servers run as; needs no entry on the machine

say() { printf 'mongodb.sh: %s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }
unavailable() { say "$*"; exit 3; }

# ---- what runs inside the private root -----------------------------------------------------------------------------

inside() { chroot --userspec="$owner:$owner" "$root" /usr/bin/env -i PATH="$pgbin:/usr/bin" LC_ALL=C.UTF-8 TZ=UTC "$@"; }

# A process is ours when its executable is; a pid file alone may name a zombie or somebody else's process.
runs() { [ -n "$1" ] && [ "$(readlink "/proc/$1/exe" 2>/dev/null)" = "$2" ]; }
postgres_pid() {
  local pid
  pid=$(head -n 1 "$root/pg/data/postmaster.pid" 2>/dev/null) && runs "$pid" "$root$pgbin/postgres" && echo "$pid"
}
gateway_pid() {
  local pid
  pid=$(cat "$home/gateway.pid" 2>/dev/null) && runs "$pid" "$root$gateway" && echo "$pid"
}
listens() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }
uri() { echo "COBUILD_TEST_MONGODB_URI=mongodb://127.0.0.1:$(cat "$home/port")/"; }

# locate sets the paths below a private root; the server's depends on what was unpacked there.
locate() {
  root=$1
  gateway=/usr/bin/ferretdb-$gateway_version
  pgbin=
  local dir
  for dir in "$root"/usr/lib/postgresql/*/bin; do
    if [ -x "$dir/postgres" ]; then pgbin=${dir#"$root"}; fi
  done
}

# ---- getting the software -------------------------------------------------------------------------------------------

# mirrors prints the archives this machine's own apt is set up with, those known to be Debian's first. Before the first
# `apt update` none is known yet, so then whatever is set up will be tried; the security archive has no such suite.
mirrors() {
  {
    apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Component: main' 'Origin: Debian'
    apt-get update --print-uris | sed -n "s#^'\([^']*/\)dists/[^']*/InRelease' .*#\1#p"
  } 2>/dev/null | grep -v security | awk '!seen[$0]++'
}

# private_apt makes an apt of its own below $apt: another suite, an empty machine, and nothing of the real one but how
# to reach the network.
private_apt() {
  rm -rf "$apt"
  mkdir -p "$apt"/lists/partial "$apt"/cache/archives/partial "$apt"/state "$apt"/debs
  : >"$apt/status"
  {
    apt-config dump | grep '^Acquire::' || true
    # A mirror that lags serves a list that is signed but past its date. Signatures and hashes are still checked.
    cat <<CONF
Acquire::Check-Valid-Until "false";
Acquire::Languages "none";
Acquire::Retries "3";
APT::Install-Recommends "false";
APT::Sandbox::User "root";
Dir::Cache "$apt/cache";
Dir::Etc::Main "/dev/null";
Dir::Etc::Parts "/dev/null";
Dir::Etc::Preferences "/dev/null";
Dir::Etc::PreferencesParts "/dev/null";
Dir::Etc::SourceList "$apt/sources.list";
Dir::Etc::SourceParts "/dev/null";
Dir::State "$apt/state";
Dir::State::Lists "$apt/lists";
Dir::State::Status "$apt/status";
CONF
  } >"$apt/apt.conf"
}

# package_lists fetches the suite's list of packages from the first mirror that has it.
package_lists() {
  local keyring=/usr/share/keyrings/debian-archive-keyring.gpg mirror
  [ -s "$keyring" ] || unavailable "no keyring of the Debian archive ($keyring) on this machine"
  for mirror in $(mirrors); do
    private_apt
    echo "deb [signed-by=$keyring] $mirror $suite main" >"$apt/sources.list"
    if APT_CONFIG=$apt/apt.conf apt-get -qq -o APT::Update::Error-Mode=any update >"$home/apt.log" 2>&1; then return; fi
  done
  unavailable "the package list of Debian's $suite cannot be fetched with this machine's apt (see $home/apt.log)"
}

# pretend tells the private apt that some packages are there already, so that neither they nor what hangs on them alone
# are fetched: tools of Debian's that set servers up, and the raster and 3D parts of PostGIS, which nothing here loads.
# It takes a third of the download and a half of the space.
pretend() {
  local skip='perl|perl-base|perl-modules-.*|libperl5.*|lib.*-perl|debconf|adduser|passwd|ucf|ssl-cert|openssl|locales'
  skip+='|sysvinit-utils|init-system-helpers|postgresql-common|postgresql-common-dev|postgresql-client-common'
  skip+='|libgdal[0-9]*|gdal-.*|libsfcgal[0-9]*|proj-data|sqlite3|libnss3|libnspr4|libpoppler.*|systemd'
  apt-cache pkgnames | grep -xE "$skip" | sort -u | while read -r name; do
    printf 'Package: %s\nStatus: install ok installed\nVersion: 999:1\nArchitecture: %s\nMulti-Arch: allowed\n' \
      "$name" "$(dpkg --print-architecture)"
    printf 'Maintainer: nobody <nobody@localhost>\nDescription: not needed here\n'
    printf 'Provides: debconf-2.0\n\n'
  done >"$apt/status"
}

# unpack fetches a package with everything it depends on and lays the files out below the new root.
unpack() {
  local count
  count=$(apt-get -y --print-uris install "$@" | grep -c "^'") || fail "apt finds no way to install $*"
  say "fetching $count packages"
  apt-get -qq -y --download-only install "$@" >"$home/apt.log" 2>&1 ||
    unavailable "the packages of $* cannot be downloaded (see $home/apt.log)"
  find "$apt/cache/archives" -name '*.deb' -print0 | xargs -0 -P 2 -I{} sh -c '
    dpkg-deb --fsys-tarfile "$1" | tar -x -C "$2" --no-same-owner --keep-directory-symlink \
      --exclude=./usr/share/doc --exclude=./usr/share/man --exclude=./usr/share/locale --exclude=./usr/share/info \
      --exclude="*/bitcode" && rm "$1"' unpack {} "$root" || fail "the packages of $* cannot be unpacked into $root"
}

# unmet prints the libraries that the server or one of the extensions it loads does not find in the new root.
unmet() {
  local lib=${pgbin%/bin}/lib loader name file
  loader=$(cd "$root" && ls -d usr/lib*/ld-linux*.so.* 2>/dev/null | head -n 1)
  [ -n "$loader" ] && [ -n "$pgbin" ] || { echo "no server in the packages"; return; }
  for name in postgres initdb psql pg_ctl; do check_file "$pgbin/$name"; done
  for name in pg_documentdb pg_documentdb_core pg_documentdb_extended_rum pg_cron postgis-3 vector rum tsm_system_rows \
    libpqwalreceiver; do check_file "$lib/$name.so"; done
}
check_file() {
  if [ ! -e "$root$1" ]; then echo "$1 is absent"; return; fi
  chroot "$root" "/$loader" --list "$1" 2>&1 | grep -E 'not found|error' || true
}

empty_root() {
  rm -rf "$root"
  mkdir -p "$root"
  # Debian's merged layout: the packages bring files below /usr only, and these links are made by a program of its own.
  local dir
  for dir in bin sbin lib lib64; do
    mkdir -p "$root/usr/$dir"
    ln -s "usr/$dir" "$root/$dir"
  done
}

# furnish adds what a running system has and no package brings: devices, users, and what install scripts would do.
furnish() {
  mkdir -p "$root"/{dev/shm,etc,proc,tmp,pg/run,pg/state}
  chmod 1777 "$root/dev/shm" "$root/tmp"
  mknod -m 666 "$root/dev/null" c 1 3 && mknod -m 666 "$root/dev/zero" c 1 5 && mknod -m 666 "$root/dev/random" c 1 8 &&
    mknod -m 666 "$root/dev/urandom" c 1 9 || unavailable "this machine lets even root make no device files"
  : 2>/dev/null >"$root/dev/null" || unavailable "$home is on a file system without devices"
  [ -e "$root/usr/bin/sh" ] || ln -s dash "$root/usr/bin/sh"
  local control
  for control in "$root"/usr/share/postgresql/*/extension/postgis-[0-9].control; do
    [ -e "${control%/*}/postgis.control" ] || ln -s "${control##*/}" "${control%/*}/postgis.control"
  done
  printf 'root:x:0:0::/:/bin/sh\npostgres:x:%s:%s::/pg:/bin/sh\n' $owner $owner >"$root/etc/passwd"
  printf 'root:x:0:\npostgres:x:%s:\n' $owner >"$root/etc/group"
  echo '127.0.0.1 localhost' >"$root/etc/hosts"
  chown -R "$owner:$owner" "$root/pg"
  chmod 700 "$root/pg" "$root/pg/run"
}

# get_root builds the private root beside its place and moves it there when it is whole.
get_root() {
  if [ -e "$home/root/.whole" ]; then return; fi
  apt=$home/apt
  say "fetching the package list of Debian's $suite"
  package_lists
  export APT_CONFIG=$apt/apt.conf
  local package
  package=$(apt-cache pkgnames postgresql- | grep -xE 'postgresql-[0-9]+-documentdb' | sort -V | tail -n 1) ||
    unavailable "Debian's $suite has no package of DocumentDB for $(dpkg --print-architecture)"
  root=$home/root.new
  pretend
  empty_root
  unpack "$package" dash coreutils
  locate "$home/root.new"
  if [ -n "$(unmet)" ]; then
    say "some libraries are missing, so the packages are fetched without leaving any out: $(unmet | head -n 3 | tr '\n' ';')"
    : >"$apt/status"
    empty_root
    unpack "$package" dash coreutils
    locate "$home/root.new"
    [ -z "$(unmet)" ] || fail "libraries are missing: $(unmet | tr '\n' ';')"
  fi
  furnish
  unset APT_CONFIG
  rm -rf "$apt" "$home/root"
  touch "$root/.whole"
  mv "$root" "$home/root"
  say "packages unpacked: $(du -sh "$home/root" | cut -f 1)"
}

# build_gateway compiles FerretDB without C, so that it runs in the private root. The project's own Go settings
# (flags, work files, cross compilation) do not concern it.
build_gateway() {
  [ -x "$home/ferretdb-$gateway_version" ] && return
  mkdir -p "$home/gobin"
  (cd "$home" && env -u GOFLAGS -u GOOS -u GOARCH GOWORK=off CGO_ENABLED=0 GOBIN="$home/gobin" \
    go install -trimpath -ldflags='-s -w' "github.com/FerretDB/FerretDB/v2/cmd/ferretdb@$gateway_version") \
    >"$home/go-install.log" 2>&1 || return 1
  mv "$home/gobin/ferretdb" "$home/ferretdb-$gateway_version"
  rmdir "$home/gobin"
}

# ---- running it -----------------------------------------------------------------------------------------------------

make_database() {
  if [ -e "$home/database-ready" ]; then return; fi
  rm -rf "$root/pg/data"
  inside initdb -D /pg/data -U postgres -E UTF8 --locale=C --locale-provider=builtin --builtin-locale=C.UTF-8 \
    --auth=trust --no-sync >"$home/initdb.log" 2>&1 || fail "initdb failed (see $home/initdb.log)"
  cat >>"$root/pg/data/postgresql.conf" <<'CONF'

# Only the socket, no network. No flushing: the data is the tests' own.
listen_addresses = ''
unix_socket_directories = '/pg/run'
fsync = off
full_page_writes = off
synchronous_commit = off
max_wal_size = 1GB
shared_buffers = 256MB
dynamic_shared_memory_type = sysv
max_connections = 300
jit = off
# DocumentDB, and the background worker it builds indexes with.
shared_preload_libraries = 'pg_cron, pg_documentdb_core, pg_documentdb'
documentdb.localhost_connection_string = 'host=/pg/run'
cron.database_name = 'postgres'
cron.host = '/pg/run'
cron.log_run = off
cron.log_statement = off
CONF
}

start_postgres() {
  if ! postgres_pid >/dev/null; then
    rm -f "$root/pg/data/postmaster.pid"
    inside pg_ctl -D /pg/data -l /pg/run/log -w -t 120 start >/dev/null 2>&1 9>&- ||
      { tail -n 20 "$root/pg/run/log" >&2; fail "PostgreSQL does not start"; }
  fi
  if [ -e "$home/database-ready" ]; then return; fi
  inside psql -X -q -h /pg/run -U postgres -d postgres -v ON_ERROR_STOP=1 \
    -c 'CREATE EXTENSION IF NOT EXISTS documentdb CASCADE' >"$home/extension.log" 2>&1 ||
    { tail -n 5 "$home/extension.log" >&2; fail "the DocumentDB extension does not load"; }
  touch "$home/database-ready"
}

# choose_port takes the one asked for, or the first free one: another program may hold the usual one.
choose_port() {
  port=${COBUILD_TEST_MONGODB_PORT:-}
  if [ -n "$port" ]; then
    ! listens "$port" || fail "port $port is taken by another program"
    return
  fi
  for port in $(seq $first_port $((first_port + 20))); do
    if ! listens "$port"; then return; fi
  done
  fail "no free port from $first_port on"
}

start_gateway() {
  if gateway_pid >/dev/null; then return; fi
  choose_port
  cp "$home/ferretdb-$gateway_version" "$root$gateway.new"
  mv -f "$root$gateway.new" "$root$gateway"
  setsid chroot --userspec="$owner:$owner" "$root" /usr/bin/env -i DO_NOT_TRACK=1 TZ=UTC \
    "$gateway" --listen-addr="127.0.0.1:$port" --debug-addr=- --state-dir=/pg/state --no-auth --telemetry=disable \
    --log-level=WARN --postgresql-url='postgres://postgres@/postgres?host=/pg/run&pool_min_conns=2&pool_max_conns=100' \
    </dev/null >>"$home/gateway.log" 2>&1 9>&- &
  echo $! >"$home/gateway.pid"
  echo "$port" >"$home/port"
  local try
  for try in $(seq 100); do
    if listens "$port" && gateway_pid >/dev/null; then return; fi
    [ "$try" -lt 5 ] || gateway_pid >/dev/null || break
    sleep 0.1
  done
  tail -n 5 "$home/gateway.log" >&2
  fail "the FerretDB gateway does not start"
}

need_tools() {
  local tool
  for tool in apt-get apt-cache apt-config dpkg dpkg-deb; do
    command -v "$tool" >/dev/null || unavailable "the test server comes from Debian's archive, and there is no $tool here"
  done
  command -v go >/dev/null || unavailable "the test server's gateway is built by Go, and there is no go command here"
}

start() {
  if postgres_pid >/dev/null && gateway_pid >/dev/null; then uri; return; fi
  need_tools
  local build
  build_gateway 9>&- &
  build=$!
  # shellcheck disable=SC2064 # the number is meant to be that of now
  trap "kill $build 2>/dev/null || true" EXIT
  get_root
  locate "$home/root"
  make_database
  start_postgres
  wait "$build" || unavailable "FerretDB cannot be built from the Go module proxy (see $home/go-install.log)"
  start_gateway
  say "up after ${SECONDS}s: $(inside postgres --version), DocumentDB, FerretDB $gateway_version"
  uri
}

stop() {
  local pid
  if pid=$(gateway_pid); then
    kill "$pid"
    for _ in $(seq 50); do gateway_pid >/dev/null || break; sleep 0.1; done
    if gateway_pid >/dev/null; then kill -KILL "$pid"; fi
  fi
  rm -f "$home/gateway.pid" "$home/port"
  if postgres_pid >/dev/null; then inside pg_ctl -D /pg/data -m fast -w stop >/dev/null; fi
}

# ---- the command ----------------------------------------------------------------------------------------------------

command=${1:-}
case $command in
  start | stop | status | wipe) [ $# = 1 ] || { usage >&2; exit 2; } ;;
  help | --help | -h) usage; exit 0 ;;
  *) usage >&2; exit 2 ;;
esac

[ "$(uname -s)" = Linux ] || unavailable "the test server runs on Linux only"
[ "$(id -u)" = 0 ] || unavailable "the test server needs root, to run PostgreSQL in a folder of its own by chroot"
export HOME=${HOME:-/root}
umask 022
mkdir -p "$home"
home=$(cd "$home" && pwd -P)
exec 9>"$home/lock"
flock 9
locate "$home/root"
case $command in
  start) start ;;
  stop) stop ;;
  status) if postgres_pid >/dev/null && gateway_pid >/dev/null; then uri; else say "not running"; exit 1; fi ;;
  wipe) stop; rm -rf "$root/pg/data" "$home/database-ready" "$home/initdb.log" "$home/extension.log" ;;
esac
