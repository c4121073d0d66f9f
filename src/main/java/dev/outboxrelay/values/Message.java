// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.values;

import org.jspecify.annotations.Nullable;

/**
 * A message that is owed, ready to be sent.
 *
 * @param id the row's id
 * @param stamp the second part of its {@link WireId}
 * @param xid the transaction that wrote it, or made it owed again: with the id, what is owed
 * @param destination the destination's name
 * @param gate what must not be overtaken: messages of one gate are sent one after the other; null
 *     when order is no matter
 * @param barrier true for a truncate: everything before it is settled first, everything after it
 *     waits
 * @param refused it has been refused before and waited for its retry
 * @param timed it has a due time, which is past
 * @param attempts how many attempts were charged so far
 * @param body the encoded message, without framing; empty when the row is over the size limit
 * @param rowBytes the size of the stored row values, bytes; over the limit when {@code tooLarge}
 * @param tooLarge the row is over the size limit and was not fetched
 * @param unreadable why the row cannot be read or written as a message, null when it can
 * @param label what it is about, null where the destination's transport does not say it
 * @param expiresInMillis how long it was worth something when it was read; null: for ever
 */
public record Message(
    long id,
    long stamp,
    long xid,
    String destination,
    @Nullable Gate gate,
    boolean barrier,
    boolean refused,
    boolean timed,
    int attempts,
    byte[] body,
    long rowBytes,
    boolean tooLarge,
    @Nullable String unreadable,
    @Nullable Label label,
    @Nullable Long expiresInMillis) {

  /** Without a label, and without an end. */
  public Message(
      long id,
      long stamp,
      long xid,
      String destination,
      @Nullable Gate gate,
      boolean barrier,
      boolean refused,
      boolean timed,
      int attempts,
      byte[] body,
      long rowBytes,
      boolean tooLarge,
      @Nullable String unreadable) {
    this(
        id,
        stamp,
        xid,
        destination,
        gate,
        barrier,
        refused,
        timed,
        attempts,
        body,
        rowBytes,
        tooLarge,
        unreadable,
        null,
        null);
  }

  /** Without an end. */
  public Message(
      long id,
      long stamp,
      long xid,
      String destination,
      @Nullable Gate gate,
      boolean barrier,
      boolean refused,
      boolean timed,
      int attempts,
      byte[] body,
      long rowBytes,
      boolean tooLarge,
      @Nullable String unreadable,
      @Nullable Label label) {
    this(
        id,
        stamp,
        xid,
        destination,
        gate,
        barrier,
        refused,
        timed,
        attempts,
        body,
        rowBytes,
        tooLarge,
        unreadable,
        label,
        null);
  }

  /** What body and label take in memory. */
  public long bytes() {
    return body.length + (label == null ? 0L : label.bytes());
  }

  /** Its name, for receivers and operators. */
  public WireId wireId() {
    return new WireId(id, stamp);
  }
}
