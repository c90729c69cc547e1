/* The limit that the stream bench measures against: a receiver without a runtime. Each stream has a
 * socket; epoll tells which can be read, recvmmsg fetches what waits, and the audio is appended to a
 * file of the stream, 7,200 bytes at a time as Hush does it, but not sealed. It prints its ports. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BATCH = 16, DATAGRAM = 2048, CHUNK = 7200, EVENTS = 256, HEADER = 12 };

struct stream {
  int socket, file, filled;
  unsigned char chunk[CHUNK];
};

static void take(struct stream *stream, const unsigned char *data, int length) {
  int bytes = length - HEADER;
  if (bytes <= 0 || bytes > CHUNK) return;
  if (stream->filled + bytes > CHUNK) {
    if (write(stream->file, stream->chunk, stream->filled) < 0) exit(1);
    stream->filled = 0;
  }
  memcpy(stream->chunk + stream->filled, data + HEADER, bytes);
  stream->filled += bytes;
}

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  int count = atoi(argv[1]);
  struct stream *streams = calloc(count, sizeof *streams);
  int poll = epoll_create1(0);
  printf("{\"ports\":[");
  for (int index = 0; index < count; index += 1) {
    struct stream *stream = &streams[index];
    char path[4096];
    snprintf(path, sizeof path, "%s/%d", argv[2], index);
    stream->file = open(path, O_CREAT | O_WRONLY | O_APPEND, 0600);
    stream->socket = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t bytes = sizeof address;
    if (bind(stream->socket, (struct sockaddr *)&address, bytes) != 0) return 1;
    getsockname(stream->socket, (struct sockaddr *)&address, &bytes);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = stream};
    epoll_ctl(poll, EPOLL_CTL_ADD, stream->socket, &event);
    printf("%s%d", index ? "," : "", ntohs(address.sin_port));
  }
  printf("]}\n");
  fflush(stdout);
  static unsigned char data[BATCH][DATAGRAM];
  static struct iovec vectors[BATCH];
  static struct mmsghdr messages[BATCH];
  for (int place = 0; place < BATCH; place += 1) {
    vectors[place] = (struct iovec){data[place], DATAGRAM};
    messages[place].msg_hdr.msg_iov = &vectors[place];
    messages[place].msg_hdr.msg_iovlen = 1;
  }
  struct epoll_event events[EVENTS];
  for (;;) {
    int ready = epoll_wait(poll, events, EVENTS, -1);
    for (int index = 0; index < ready; index += 1) {
      struct stream *stream = events[index].data.ptr;
      int got = recvmmsg(stream->socket, messages, BATCH, MSG_DONTWAIT, NULL);
      for (int place = 0; place < got; place += 1)
        take(stream, data[place], (int)messages[place].msg_len);
    }
  }
}
