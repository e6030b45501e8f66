/* SPDX-License-Identifier: MIT */
#include "edges/http.h"

#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* What a request, or its answer, may stand still. */
#define IDLE_S 10
/* Room for the head of a request; a longer one is refused. */
#define CONNECTION_MEMORY 8192
#define BACKLOG 16

struct http {
	struct MHD_Daemon *daemon;
	struct http_answer (*answer)(void *context, const char *path);
	void *context;
};

static enum MHD_Result send_answer(struct MHD_Connection *connection, struct http_answer *answer)
{
	struct MHD_Response *response = MHD_create_response_from_buffer(
		answer->length, answer->body, MHD_RESPMEM_MUST_FREE);
	enum MHD_Result result;

	if (!response) {
		free(answer->body);
		return MHD_NO;
	}
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, answer->content_type);
	MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
	result = MHD_queue_response(connection, answer->status, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result refuse(struct MHD_Connection *connection, unsigned status, const char *text)
{
	struct http_answer answer = {
		.status = status,
		.content_type = "text/plain",
		.body = strdup(text),
		.length = strlen(text),
	};

	return answer.body ? send_answer(connection, &answer) : MHD_NO;
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection,
	const char *path, const char *method, const char *version, const char *upload,
	size_t *upload_size, void **request)
{
	struct http *http = context;
	struct http_answer answer;

	/* An answer at the first call, before a body is read, ends the connection: nobody keeps one. */
	if (strcmp(method, MHD_HTTP_METHOD_GET) && strcmp(method, MHD_HTTP_METHOD_HEAD))
		return refuse(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "GET only\n");
	answer = http->answer(http->context, path);
	return answer.status ? send_answer(connection, &answer)
			     : refuse(connection, MHD_HTTP_NOT_FOUND, "not here\n");
}

/* Made here, and not by the library, for it would not say why it cannot be. */
static int open_listener(const struct listen_place *place)
{
	struct sockaddr_storage storage;
	socklen_t length = address_to_sockaddr(&place->address, place->port, &storage);
	int one = 1, fd = socket(storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int error;

	if (fd < 0)
		return -errno;
	/* A process that has just ended does not keep the next one from it; one that runs does. */
	if (!setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) &&
		!bind(fd, (struct sockaddr *)&storage, length) && !listen(fd, BACKLOG))
		return fd;
	error = -errno;
	close(fd);
	return error;
}

static int refused(const struct listen_place *place, int error, struct message *msg)
{
	char text[ADDRESS_TEXT_SIZE];

	return message_set(msg, error, "cannot listen at %s port %u: %s",
		address_text(&place->address, text), place->port, strerror(-error));
}

int http_try(const struct listen_place *place, struct message *msg)
{
	int fd = open_listener(place);

	if (fd < 0)
		return refused(place, fd, msg);
	close(fd);
	return 0;
}

/* With every signal blocked: they are for the main thread. */
static int start_thread(struct http *http, int fd)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	http->daemon = MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_AUTO, 0, NULL,
		NULL, on_request, http, MHD_OPTION_LISTEN_SOCKET, (MHD_socket)fd,
		MHD_OPTION_CONNECTION_LIMIT, (unsigned)HTTP_CONNECTIONS_MAX,
		MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
		(size_t)CONNECTION_MEMORY, MHD_OPTION_END);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return http->daemon ? 0 : -EAGAIN;
}

int http_start(struct http **ret, const struct listen_place *place,
	struct http_answer (*answer)(void *context, const char *path), void *context,
	struct message *msg)
{
	struct http *http = calloc(1, sizeof *http);
	int fd, error;

	if (!http)
		return message_set(msg, -ENOMEM, "out of memory");
	http->answer = answer;
	http->context = context;
	fd = open_listener(place);
	/* When the library fails, who closes it is not said; and the process ends. */
	error = fd < 0 ? fd : start_thread(http, fd);
	if (error) {
		free(http);
		return refused(place, error, msg);
	}
	*ret = http;
	return 0;
}

void http_stop(struct http *http)
{
	if (!http)
		return;
	MHD_stop_daemon(http->daemon);
	free(http);
}
