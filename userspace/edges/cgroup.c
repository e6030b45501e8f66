/* SPDX-License-Identifier: MIT */
#include "edges/cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <mntent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LEAF_PREFIX "mosprobe-"

struct cgroup {
	char mount[PATH_MAX];
	char path[PATH_MAX];
	int fd;
	bool own;
};

static int find_mount(struct cgroup *cgroup, struct message *msg)
{
	FILE *mounts = setmntent("/proc/self/mounts", "re");
	struct mntent *entry;
	int error = -ENOENT;

	while (mounts && (entry = getmntent(mounts))) {
		if (strcmp(entry->mnt_type, "cgroup2"))
			continue;
		snprintf(cgroup->mount, sizeof cgroup->mount, "%s", entry->mnt_dir);
		error = 0;
		break;
	}
	if (mounts)
		endmntent(mounts);
	if (error)
		message_set(msg, error,
			"no cgroup2 is mounted (`ip netns exec` hides it: use nsenter)");
	return error;
}

/* The line "0::/path" of /proc/self/cgroup; returns 0 and the path without a trailing slash. */
static int own_path(char ret[PATH_MAX], struct message *msg)
{
	FILE *file = fopen("/proc/self/cgroup", "re");
	char line[PATH_MAX];
	int error = -ENOENT;

	while (file && fgets(line, sizeof line, file)) {
		size_t length;

		if (strncmp(line, "0::", 3))
			continue;
		length = strcspn(line + 3, "\n");
		if (length && line[3 + length - 1] == '/')
			length--;
		memcpy(ret, line + 3, length);
		ret[length] = '\0';
		error = 0;
		break;
	}
	if (file)
		fclose(file);
	if (error)
		message_set(msg, error, "/proc/self/cgroup names no cgroup2");
	return error;
}

/* rmdir(2) refuses a cgroup that still has processes, so only dead probers' leaves go. */
static void remove_stale_leaves(const char *mount)
{
	DIR *dir = opendir(mount);
	struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		if (!strncmp(entry->d_name, LEAF_PREFIX, strlen(LEAF_PREFIX)))
			unlinkat(dirfd(dir), entry->d_name, AT_REMOVEDIR);
	if (dir)
		closedir(dir);
}

static int move_here(const char *folder)
{
	char file[PATH_MAX + 16];
	int fd, error = 0;

	snprintf(file, sizeof file, "%s/cgroup.procs", folder);
	fd = open(file, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (write(fd, "0", 1) != 1)
		error = -errno;
	close(fd);
	return error;
}

/* A leaf that cannot be made (a container's read-only tree) leaves us where we are. */
static void make_leaf(struct cgroup *cgroup)
{
	char leaf[PATH_MAX];

	remove_stale_leaves(cgroup->mount);
	if (snprintf(leaf, sizeof leaf, "%s/" LEAF_PREFIX "%d", cgroup->mount, (int)getpid()) >=
		(int)sizeof leaf)
		return;
	if (mkdir(leaf, 0755))
		return;
	if (move_here(leaf)) {
		rmdir(leaf);
		return;
	}
	strcpy(cgroup->path, leaf);
	cgroup->own = true;
}

int cgroup_enter(struct cgroup **ret, struct message *msg)
{
	struct cgroup *cgroup = calloc(1, sizeof *cgroup);
	char own[PATH_MAX];
	int error;

	if (!cgroup)
		return message_set(msg, -ENOMEM, "out of memory");
	cgroup->fd = -1;
	error = find_mount(cgroup, msg);
	if (!error)
		error = own_path(own, msg);
	if (error)
		goto fail;
	if (snprintf(cgroup->path, sizeof cgroup->path, "%s%s", cgroup->mount, own) >=
		(int)sizeof cgroup->path) {
		error = message_set(msg, -ENAMETOOLONG, "the cgroup's path is too long");
		goto fail;
	}
	if (!own[0])
		make_leaf(cgroup);
	cgroup->fd = open(cgroup->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (cgroup->fd < 0) {
		error = message_set(msg, -errno, "%s: %s", cgroup->path, strerror(errno));
		goto fail;
	}
	*ret = cgroup;
	return 0;
fail:
	cgroup_leave(cgroup);
	return error;
}

void cgroup_leave(struct cgroup *cgroup)
{
	if (!cgroup)
		return;
	if (cgroup->fd >= 0)
		close(cgroup->fd);
	if (cgroup->own && !move_here(cgroup->mount))
		rmdir(cgroup->path);
	free(cgroup);
}

void cgroup_tidy(void)
{
	struct cgroup cgroup;

	if (!find_mount(&cgroup, NULL))
		remove_stale_leaves(cgroup.mount);
}

int cgroup_fd(const struct cgroup *cgroup)
{
	return cgroup->fd;
}

const char *cgroup_path(const struct cgroup *cgroup)
{
	return cgroup->path;
}

bool cgroup_is_own(const struct cgroup *cgroup)
{
	return cgroup->own;
}
