/* SPDX-License-Identifier: MIT */
#include "edges/privilege.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <sched.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

int privilege_find(struct privilege_user *ret, const char *name, struct message *msg)
{
	struct passwd *found;

	errno = 0;
	found = getpwnam(name);
	if (!found)
		return message_set(msg, -ENOENT, "[prober] user = %s: %s", name,
			errno && errno != ENOENT ? strerror(errno) : "there is no such user");
	*ret = (struct privilege_user) { name, found->pw_uid, found->pw_gid };
	return 0;
}

void privilege_give_folder(const char *folder, const struct privilege_user *user)
{
	/* Whether it can be written to is found out by whoever opens it. */
	if (mkdir(folder, 0700))
		return;
	if (chown(folder, user->uid, user->gid))
		rmdir(folder);
}

void privilege_set_nice(int nice)
{
	const struct sched_param none = { .sched_priority = 0 };

	if (!sched_setscheduler(0, SCHED_OTHER | SCHED_RESET_ON_FORK, &none) &&
		!setpriority(PRIO_PROCESS, 0, nice))
		return;
	errno = 0; /* without the right to, as anybody else */
}

/* Of no use to a process without capabilities under no_new_privs, and none of ours. */
static void empty_bounding_set(void)
{
	for (unsigned long cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++)
		if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0))
			return;
}

static int become(const struct privilege_user *user, struct message *msg)
{
	uid_t real, effective, saved;

	if (getresuid(&real, &effective, &saved))
		return message_set(msg, -errno, "getresuid: %s", strerror(errno));
	if (real == user->uid && effective == user->uid && saved == user->uid)
		return 0;
	if (initgroups(user->name, user->gid) || setresgid(user->gid, user->gid, user->gid) ||
		setresuid(user->uid, user->uid, user->uid))
		return message_set(msg, -errno,
			"[prober] user = %s: %s: whoever is to become another user is started as root",
			user->name, strerror(errno));
	if (user->uid && !setresuid(0, 0, 0))
		return message_set(
			msg, -EPERM, "[prober] user = %s: root can be taken back", user->name);
	return 0;
}

static int read_capabilities(struct __user_cap_data_struct ret[_LINUX_CAPABILITY_U32S_3])
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };

	return syscall(SYS_capget, &header, ret) ? -errno : 0;
}

bool privilege_any(void)
{
	struct __user_cap_data_struct caps[_LINUX_CAPABILITY_U32S_3] = { 0 };

	return read_capabilities(caps) || caps[0].effective || caps[1].effective ||
	       caps[0].permitted || caps[1].permitted;
}

int privilege_drop(const struct privilege_user *user, struct message *msg)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = { 0 };
	int error = 0;

	empty_bounding_set();
	if (user)
		error = become(user, msg);
	if (error)
		return error;
	/* What is no longer permitted is not ambient either. */
	if (syscall(SYS_capset, &header, none))
		return message_set(msg, -errno, "capset: %s", strerror(errno));
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return message_set(msg, -errno, "no_new_privs: %s", strerror(errno));
	if (privilege_any())
		return message_set(msg, -EPERM, "capabilities are left after they were given up");
	return 0;
}
