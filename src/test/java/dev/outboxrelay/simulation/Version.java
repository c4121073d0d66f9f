// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.simulation;

/**
 * The columns of a row that change.
 *
 * @param dueMicros by the database's clock, 0 for none
 * @param deliveredMicros by the database's clock, 0 for none
 */
record Version(
    String destination, long xid, State state, int attempts, long dueMicros, long deliveredMicros) {

  /** As in the column. */
  enum State {
    PENDING,
    RETRY,
    HELD,
    FAILED,
    DELIVERED
  }

  static Version written(String destination, long xid, long dueMicros) {
    return new Version(destination, xid, State.PENDING, 0, dueMicros, 0);
  }

  boolean isPending() {
    return state == State.PENDING;
  }

  Version held() {
    return new Version(destination, xid, State.HELD, attempts, dueMicros, deliveredMicros);
  }

  Version retry(int charged, long due) {
    return new Version(destination, xid, State.RETRY, charged, due, deliveredMicros);
  }

  Version failed(int charged) {
    return new Version(destination, xid, State.FAILED, charged, 0, deliveredMicros);
  }

  Version delivered(long at) {
    return new Version(destination, xid, State.DELIVERED, attempts, 0, at);
  }

  /** Made owed again, by a person's transaction. */
  Version owedAgain(long by) {
    return new Version(destination, by, State.PENDING, 0, 0, 0);
  }

  Version due(long at, long by) {
    return new Version(destination, by, state, attempts, at, deliveredMicros);
  }
}
