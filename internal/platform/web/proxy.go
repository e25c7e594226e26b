package web

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// Proxies are the networks of the reverse proxies in front of this server. What they say of where a request comes from
// is believed; nobody else is.
type Proxies []netip.Prefix

// ParseProxies reads networks, as 10.0.0.0/8, and single addresses.
func ParseProxies(all []string) (Proxies, error) {
	var ps Proxies
	for _, s := range all {
		if a, err := netip.ParseAddr(s); err == nil {
			ps = append(ps, netip.PrefixFrom(a.Unmap(), a.Unmap().BitLen()))
			continue
		}
		p, err := netip.ParsePrefix(s)
		if err != nil {
			return nil, err
		}
		ps = append(ps, p.Masked())
	}
	return ps, nil
}

func (ps Proxies) trusted(a netip.Addr) bool {
	return slices.ContainsFunc(ps, func(p netip.Prefix) bool { return p.Contains(a) })
}

// address is where a request comes from: the last hop that is no proxy of ours. Who connects may write any hops before
// that into the header; they are not looked at.
func (ps Proxies) address(r *http.Request) string {
	from := peer(r.RemoteAddr)
	at, ok := parseHop(from)
	if !ok || !ps.trusted(at) {
		return from
	}
	hops := hopsOf(r.Header)
	for _, hop := range slices.Backward(hops) {
		a, ok := parseHop(hop)
		if !ok { // a proxy that hides where it got it from: it is the last we know
			break
		}
		if at = a; !ps.trusted(a) {
			break
		}
	}
	return at.String()
}

func peer(remote string) string {
	if a, err := netip.ParseAddrPort(remote); err == nil {
		return a.Addr().Unmap().String()
	}
	return remote
}

// hopsOf are the hops a request came by, the latest at the end: from Forwarded (RFC 7239) where it is there, else from
// X-Forwarded-For.
func hopsOf(h http.Header) []string {
	var hops []string
	if all := h.Values("Forwarded"); len(all) > 0 {
		for element := range strings.SplitSeq(strings.Join(all, ","), ",") {
			hops = append(hops, forwardedFor(element))
		}
		return hops
	}
	for hop := range strings.SplitSeq(strings.Join(h.Values("X-Forwarded-For"), ","), ",") {
		hops = append(hops, strings.TrimSpace(hop))
	}
	return hops
}

// forwardedFor is the “for” of one element of a Forwarded header.
func forwardedFor(element string) string {
	for pair := range strings.SplitSeq(element, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(pair), "=")
		if strings.EqualFold(name, "for") {
			return strings.Trim(value, `"`)
		}
	}
	return ""
}

// parseHop reads an address as proxies write it: with a port or without, one of version 6 perhaps in brackets.
func parseHop(s string) (netip.Addr, bool) {
	if a, err := netip.ParseAddrPort(s); err == nil {
		return a.Addr().Unmap().WithZone(""), true
	}
	a, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(s, "["), "]"))
	return a.Unmap().WithZone(""), err == nil
}
