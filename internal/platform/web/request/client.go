package request

import "strings"

// named is a word in what programs call themselves, and what people call it. Many browsers name those before them too,
// so the order counts.
type named struct{ word, name string }

func browsers() []named {
	return []named{
		{"MicroMessenger/", "WeChat"},
		{"DingTalk/", "DingTalk"},
		{"Edg", "Edge"},
		{"OPR/", "Opera"},
		{"QQBrowser/", "QQ Browser"},
		{"UCBrowser/", "UC Browser"},
		{"Firefox/", "Firefox"},
		{"FxiOS/", "Firefox"},
		{"CriOS/", "Chrome"},
		{"Chrome/", "Chrome"},
		{"Safari/", "Safari"},
		{"curl/", "curl"},
		{"Go-http-client/", "Go"},
		{"python-requests/", "Python"},
		{"okhttp/", "OkHttp"},
		{"node", "Node.js"},
		{"undici", "Node.js"},
	}
}

func systems() []named {
	return []named{
		{"HarmonyOS", "HarmonyOS"},
		{"OpenHarmony", "HarmonyOS"},
		{"Android", "Android"},
		{"iPhone", "iPhone"},
		{"iPad", "iPad"},
		{"Windows", "Windows"},
		{"Mac OS X", "macOS"},
		{"CrOS", "ChromeOS"},
		{"Linux", "Linux"},
	}
}

// client tells a program and its system by words of our own; nothing of what was sent is kept.
func client(agent string) string {
	var parts []string
	for _, list := range [][]named{browsers(), systems()} {
		for _, n := range list {
			if strings.Contains(agent, n.word) {
				parts = append(parts, n.name)
				break
			}
		}
	}
	return strings.Join(parts, ", ")
}
