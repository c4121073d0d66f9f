// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.operate;

/** What is done to messages that were set aside. */
public enum Action {
  REQUEUE(
      "requeued",
      "select outbox.requeue(cast(? as text)) as done",
      "update outbox.message set state = 'pending'"
          + " where destination = ? and id = any (?) and state = 'failed'"),
  DISCARD(
      "discarded",
      "select outbox.discard(cast(? as text)) as done",
      "delete from outbox.message where destination = ? and id = any (?) and state = 'failed'");

  private final String past;
  private final String one;
  private final String many;

  Action(String past, String one, String many) {
    this.past = past;
    this.one = one;
    this.many = many;
  }

  /** The word for what was done. */
  public String past() {
    return past;
  }

  /** By its name. */
  String one() {
    return one;
  }

  /** Of one destination; those whose state is another by then are left alone. */
  String many() {
    return many;
  }
}
