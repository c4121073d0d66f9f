// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay.loop;

/**
 * One under way at a time. What is asked for meanwhile is done once more after it, however often it
 * was asked for, so that the last one has begun after the last question. Lives on the core.
 */
public final class OnceMore {
  private enum State {
    IDLE,
    WANTED,
    UNDER_WAY,
    UNDER_WAY_AND_WANTED
  }

  private State state = State.IDLE;

  /** It is to be done, now or after the one that is under way. */
  public void want() {
    state = isUnderWay() ? State.UNDER_WAY_AND_WANTED : State.WANTED;
  }

  /** Whether it is to be done now; if so it counts as under way. */
  public boolean begin() {
    if (state != State.WANTED) {
      return false;
    }
    state = State.UNDER_WAY;
    return true;
  }

  /** The one that was under way has ended. */
  public void end() {
    state = isWanted() ? State.WANTED : State.IDLE;
  }

  public boolean isUnderWay() {
    return state == State.UNDER_WAY || state == State.UNDER_WAY_AND_WANTED;
  }

  /** Whether it was asked for and has not begun since. */
  public boolean isWanted() {
    return state == State.WANTED || state == State.UNDER_WAY_AND_WANTED;
  }
}
