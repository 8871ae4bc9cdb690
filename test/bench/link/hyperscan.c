/* Many literals by Hyperscan, block by block: hyperscan NEEDLES HAYSTACK LENGTHS. Lengths: 32-bit numbers, one a block, each followed by one
 * byte that is not searched. Prints seconds of CPU for compiling and for scanning, bytes of the database, and matches. */
#include <hs/hs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static unsigned long long matches;
static int met(unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *context) {
  (void)id, (void)from, (void)to, (void)flags, (void)context;
  matches++;
  return 0;
}
static double cpu(void) {
  struct timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return now.tv_sec + now.tv_nsec / 1e9;
}
static char *read_all(const char *name, size_t *length) {
  FILE *file = fopen(name, "rb");
  if (!file) exit(1);
  fseek(file, 0, SEEK_END);
  *length = ftell(file);
  rewind(file);
  char *bytes = malloc(*length + 1);
  if (fread(bytes, 1, *length, file) != *length) exit(1);
  bytes[*length] = 0;
  fclose(file);
  return bytes;
}
int main(int argc, char **argv) {
  if (argc != 4) return 2;
  size_t length, hay_length, lengths_length;
  char *text = read_all(argv[1], &length);
  char *hay = read_all(argv[2], &hay_length);
  unsigned *blocks = (unsigned *)read_all(argv[3], &lengths_length);
  unsigned n = 0, room = 1 << 20;
  const char **literals = malloc(room * sizeof *literals);
  size_t *lens = malloc(room * sizeof *lens);
  unsigned *flags = calloc(room, sizeof *flags), *ids = malloc(room * sizeof *ids);
  for (char *line = strtok(text, "\n"); line && n < room; line = strtok(NULL, "\n")) {
    literals[n] = line;
    lens[n] = strlen(line);
    ids[n] = n;
    n++;
  }
  double began = cpu();
  hs_database_t *db;
  hs_compile_error_t *error;
  if (hs_compile_lit_multi(literals, flags, ids, lens, n, HS_MODE_BLOCK, NULL, &db, &error) != HS_SUCCESS) {
    fprintf(stderr, "%s\n", error->message);
    return 1;
  }
  double compiled = cpu() - began;
  hs_scratch_t *scratch = NULL;
  if (hs_alloc_scratch(db, &scratch) != HS_SUCCESS) return 1;
  size_t size = 0;
  hs_database_size(db, &size);
  began = cpu();
  size_t at = 0;
  for (size_t k = 0; k < lengths_length / 4; k++) {
    hs_scan(db, hay + at, blocks[k], 0, scratch, met, NULL);
    at += blocks[k] + 1;
  }
  printf("{\"build\":%f,\"scan\":%f,\"database\":%zu,\"hits\":%llu}\n", compiled, cpu() - began, size, matches);
  return 0;
}
