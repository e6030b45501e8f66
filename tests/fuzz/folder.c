/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <unistd.h>

#include "fuzz.h"

static char folder[64];

static void remove_folder(void)
{
	DIR *dir = opendir(folder);
	const struct dirent *entry;
	char path[sizeof folder + sizeof entry->d_name + 1];

	while (dir && (entry = readdir(dir))) {
		snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
		unlink(path);
	}
	if (dir)
		closedir(dir);
	rmdir(folder);
}

const char *fuzz_folder(void)
{
	if (!*folder) {
		const char *parent = access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm";

		snprintf(folder, sizeof folder, "%s/mosprobe-fuzz-XXXXXX", parent);
		CHECK(mkdtemp(folder));
		atexit(remove_folder);
	}
	return folder;
}

void fuzz_file(const char *name, const void *bytes, size_t size)
{
	char path[sizeof folder + 64];
	FILE *file;

	snprintf(path, sizeof path, "%s/%s", fuzz_folder(), name);
	file = fopen(path, "we");
	CHECK(file);
	CHECK(fwrite(bytes, 1, size, file) == size);
	CHECK(!fclose(file));
}
