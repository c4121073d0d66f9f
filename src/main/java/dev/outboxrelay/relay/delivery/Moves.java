// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay.delivery;

/**
 * When anything of a lane last moved: a message settled in the table, or nothing owed at all. A
 * message that waits for its answer may do so for the destination's ack timeout, counted from the
 * first that was sent since the receiver last answered: sent again and again it is no move.
 */
public final class Moves {
  private final long ackTimeoutNanos;

  private long settledNanos;
  private boolean everSettled;
  private long movedNanos;
  private long unansweredNanos;
  private boolean unanswered;

  public Moves(long ackTimeoutNanos, long nowNanos) {
    this.ackTimeoutNanos = ackTimeoutNanos;
    movedNanos = nowNanos;
  }

  /** Nothing is owed, as far as is known. */
  public void rests(long nowNanos) {
    movedNanos = nowNanos;
    unanswered = false;
  }

  /** The state of a message was changed in the table, or the message taken off it. */
  public void settled(long nowNanos) {
    settledNanos = nowNanos;
    everSettled = true;
    movedNanos = nowNanos;
  }

  public void sent(long nowNanos) {
    if (!unanswered) {
      unanswered = true;
      unansweredNanos = nowNanos;
    }
  }

  /**
   * The receiver has answered.
   *
   * @param more it has not answered everything
   */
  public void answered(boolean more, long nowNanos) {
    unanswered = more;
    unansweredNanos = nowNanos;
  }

  /** Until now it is no wonder that nothing moves. */
  public long quietSinceNanos() {
    long answerDue = unansweredNanos + ackTimeoutNanos;
    return unanswered && answerDue - movedNanos > 0 ? answerDue : movedNanos;
  }

  public boolean everSettled() {
    return everSettled;
  }

  public long settledNanos() {
    return settledNanos;
  }

  public boolean awaitsAnswer() {
    return unanswered;
  }

  /** When the answer is due that is waited for. */
  public long answerDueNanos() {
    return unansweredNanos + ackTimeoutNanos;
  }
}
