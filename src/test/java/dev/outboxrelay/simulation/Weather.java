// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.simulation;

/**
 * How likely it is that something small goes wrong. Calm in the end, so that all can be settled.
 */
final class Weather {
  private final Chance chance;
  private final double failing;
  private final double slow;
  private double late;
  private boolean calm;

  /**
   * @param failing of how many statements one fails, before or after it took effect
   * @param slow of how many statements one takes long
   */
  Weather(Chance chance, double failing, double slow) {
    this.chance = chance;
    this.failing = failing;
    this.slow = slow;
  }

  /**
   * Statements of the pool come late to the server.
   *
   * @param share how many
   */
  void delay(double share) {
    late = share;
  }

  /** How much later than others a statement of the pool comes to the server. */
  long delay() {
    return !calm && chance.is(late)
        ? chance.nanosBetween(Timeline.MILLI * 500, Timeline.SECOND * 3)
        : 0;
  }

  void calmDown() {
    calm = true;
  }

  boolean isCalm() {
    return calm;
  }

  boolean fails() {
    return !calm && chance.is(failing);
  }

  /** A control session is lost by one failure, so these are seldom. */
  boolean failsControl() {
    return !calm && chance.is(failing / 20);
  }

  /** One way between a relay and the server. */
  long latency() {
    double kind = chance.nextDouble();
    if (!calm && kind < slow) {
      return chance.nanosBetween(Timeline.MILLI * 50, Timeline.MILLI * 2500);
    }
    return kind < 0.9
        ? chance.nanosBetween(Timeline.MICRO * 20, Timeline.MICRO * 400)
        : chance.nanosBetween(Timeline.MICRO * 400, Timeline.MILLI * 8);
  }

  /** From a thread to the next on one machine. */
  long hop() {
    return chance.nanosBetween(Timeline.MICRO, Timeline.MICRO * 30);
  }
}
