// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.operate;

/** What is done to messages that were set aside. */
public enum Action {
  REQUEUE(
      "requeued",
      "select i.name, outbox.requeue(i.name) as done from unnest(cast(? as text[])) as i (name)",
      "select outbox_internal.requeue_these(cast(? as text), cast(? as bigint[])) as done",
      "outbox_internal.requeue_these(text, bigint[])"),
  DISCARD(
      "discarded",
      "select i.name, outbox.discard(i.name) as done from unnest(cast(? as text[])) as i (name)",
      "select outbox_internal.discard_these(cast(? as text), cast(? as bigint[])) as done",
      "outbox_internal.discard_these(text, bigint[])");

  private final String past;
  private final String named;
  private final String these;
  private final String right;

  Action(String past, String named, String these, String right) {
    this.past = past;
    this.named = named;
    this.these = these;
    this.right = right;
  }

  /** The word for what was done. */
  public String past() {
    return past;
  }

  /** By their names. */
  String named() {
    return named;
  }

  /** By their destination and ids; where the state of one is another by then, it is left alone. */
  String these() {
    return these;
  }

  /** The function that a login must be allowed to call. */
  String right() {
    return right;
  }
}
