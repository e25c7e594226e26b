package access

import "github.com/cobuild/cobuild/internal/platform/authz"

// The actions of notifications.
const (
	NotificationRead = "notification.read"
	NotificationMark = "notification.mark"
	NotificationKeep = "notification.keep"
	NotificationSet  = "notificationSettings.set"
)

func notifications() authz.Table {
	mine := to(personal, itself)
	return authz.Table{
		rule(NotificationRead, "notifications, node", mine, "and of what they are about, only what that person may read at this moment"),
		rule(NotificationMark, "markRead", mine, ""),
		rule(NotificationKeep, "–", nil, "follows every room, reminds, sends mail: the program itself"),
		rule(NotificationSet, "notificationSettings, setNotificationSettings", mine, ""),
	}
}
