/*
 * Two kernels in C with pthreads, on the payloads that scenarios.ts describes. Every line on standard input asks for one
 * run; the answer is its nanoseconds and its result.
 * Usage: kernels sum|black-scholes UNITS THREADS
 */
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef struct {
  long start, end;
  double total;
} Part;

static double *x, *spot, *strike, *years, *price;

static void *sum(void *argument) {
  Part *part = argument;
  double total = 0;
  for (long i = part->start; i < part->end; i++) total += x[i];
  part->total = total;
  return NULL;
}

static double normal(double z) {
  double t = 1 / (1 + 0.2316419 * fabs(z));
  double series =
      t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  double tail = 0.3989422804014327 * exp(-0.5 * z * z) * series;
  return z > 0 ? 1 - tail : tail;
}

static void *black_scholes(void *argument) {
  Part *part = argument;
  const double rate = 0.02, volatility = 0.3;
  for (long i = part->start; i < part->end; i++) {
    double deviation = volatility * sqrt(years[i]);
    double drift = (rate + 0.5 * volatility * volatility) * years[i];
    double d = (log(spot[i] / strike[i]) + drift) / deviation;
    price[i] = spot[i] * normal(d) - strike[i] * exp(-rate * years[i]) * normal(d - deviation);
  }
  return NULL;
}

static double *column(long units) {
  double *array = malloc(units * sizeof(double));
  if (array == NULL) exit(1);
  return array;
}

int main(int count, char **arguments) {
  if (count != 4) return 2;
  int sums = strcmp(arguments[1], "sum") == 0;
  long units = atol(arguments[2]);
  int threads = atoi(arguments[3]);
  if (sums) {
    x = column(units);
    for (long i = 0; i < units; i++) x[i] = i % 1009;
  } else {
    spot = column(units), strike = column(units), years = column(units), price = column(units);
    for (long i = 0; i < units; i++) {
      spot[i] = 50 + ((i * 7919) % 1000) / 10.0;
      strike[i] = 60 + ((i * 104729) % 800) / 10.0;
      years[i] = 0.1 + ((i * 1299) % 500) / 100.0;
      price[i] = 0;
    }
  }
  pthread_t *handles = malloc(threads * sizeof(pthread_t));
  Part *parts = malloc(threads * sizeof(Part));
  char line[16];
  while (fgets(line, sizeof line, stdin) != NULL) {
    struct timespec from, to;
    clock_gettime(CLOCK_MONOTONIC, &from);
    double result = 0;
    for (int i = 0; i < threads; i++) {
      parts[i] = (Part){units * i / threads, units * (i + 1) / threads, 0};
      if (pthread_create(&handles[i], NULL, sums ? sum : black_scholes, &parts[i]) != 0) return 1;
    }
    for (int i = 0; i < threads; i++) {
      pthread_join(handles[i], NULL);
      result += parts[i].total;
    }
    clock_gettime(CLOCK_MONOTONIC, &to);
    if (!sums) for (long i = 0; i < units; i++) result += price[i];
    printf("%ld %.17g\n", (to.tv_sec - from.tv_sec) * 1000000000L + to.tv_nsec - from.tv_nsec, result);
    fflush(stdout);
  }
  return 0;
}
