// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.values;

import org.jspecify.annotations.Nullable;

/**
 * What a message is about, for transports that say it beside the body, such as a broker's headers
 * and topics.
 *
 * @param key the row's key as text, null when it has none
 * @param op {@code insert}, {@code update}, {@code delete}, {@code truncate}, {@code read} or
 *     {@code message}
 * @param schema source schema, null for a published message
 * @param table source table, null for a published message
 * @param type the type given to {@code outbox.publish}, else null
 * @param tx the writing transaction's id
 * @param epoch the epoch of the relay that sends it
 */
public record Label(
    @Nullable String key,
    String op,
    @Nullable String schema,
    @Nullable String table,
    @Nullable String type,
    String tx,
    long epoch) {

  /** Of a change. */
  public static Label of(Change change) {
    return new Label(
        change.key(),
        change.op(),
        change.schema(),
        change.table(),
        change.type(),
        change.xid(),
        change.epoch());
  }

  /** What it takes in memory, about; names of tables are shared. */
  int bytes() {
    return 100 + 2 * ((key == null ? 0 : key.length()) + (type == null ? 0 : type.length()));
  }
}
