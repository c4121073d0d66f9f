// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.simulation;

import java.util.List;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;

/** What decides, of one seed: the same questions get the same answers. */
final class Chance implements RandomGenerator {
  private final SplittableRandom random;

  Chance(long seed) {
    random = new SplittableRandom(seed * 0x9E3779B97F4A7C15L + 1);
  }

  /** Another one, which takes nothing from this one from now on. */
  Chance split() {
    return new Chance(random.nextLong());
  }

  @Override
  public long nextLong() {
    return random.nextLong();
  }

  long next() {
    return random.nextLong() >>> 1;
  }

  boolean is(double probability) {
    return probability > 0 && random.nextDouble() < probability;
  }

  /** From the first to the last, both included. */
  int between(int first, int last) {
    return first + random.nextInt(last - first + 1);
  }

  long nanosBetween(long first, long last) {
    return first + random.nextLong(last - first + 1);
  }

  <T> T of(List<T> values) {
    return values.get(random.nextInt(values.size()));
  }

  @SafeVarargs
  final <T> T of(T... values) {
    return values[random.nextInt(values.length)];
  }
}
