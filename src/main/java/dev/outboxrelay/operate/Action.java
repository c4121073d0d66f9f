// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.operate;

/** What is done to messages that were set aside. */
public enum Action {
  REQUEUE(
      "requeued",
      "select outbox.requeue(cast(? as text)) as done",
      "update outbox.message set state = 'pending'"
          + " where destination = ? and id = ? and state = 'failed'"),
  DISCARD(
      "discarded",
      "select outbox.discard(cast(? as text)) as done",
      "delete from outbox.message where destination = ? and id = ? and state = 'failed'");

  private final String past;
  private final String one;
  private final String each;

  Action(String past, String one, String each) {
    this.past = past;
    this.one = one;
    this.each = each;
  }

  /** The word for what was done. */
  public String past() {
    return past;
  }

  /** By its name. */
  String one() {
    return one;
  }

  /**
   * By its destination and id; where its state is another by then, it is left alone. A list of ids
   * would be walked as all of the destination's entries, before PostgreSQL 17.
   */
  String each() {
    return each;
  }
}
