// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.values;

import org.jspecify.annotations.Nullable;

/**
 * A row of {@code outbox.message} as it was read: what a {@code Formatter} turns into the bytes
 * that go over the wire. JSON columns stay the UTF-8 text that PostgreSQL made of them; nobody
 * parses them.
 *
 * @param id the message's id
 * @param destination the destination's name
 * @param key the row's key as text, null when it has none
 * @param op {@code insert}, {@code update}, {@code delete}, {@code truncate}, {@code read} or
 *     {@code message}
 * @param schema source schema, null for a published message
 * @param table source table, null for a published message
 * @param xid the writing transaction's id
 * @param createdAtMicros when the change was made, microseconds since 1970-01-01T00:00:00Z
 * @param type the type given to {@code outbox.publish}, else null
 * @param oldRow JSON text, UTF-8, null when there is none
 * @param newRow JSON text, UTF-8, null when there is none
 * @param headers JSON text, UTF-8, null when there is none
 * @param attempts how many attempts were charged so far
 * @param epoch the epoch of the relay that sends it
 */
public record Change(
    long id,
    String destination,
    @Nullable String key,
    String op,
    @Nullable String schema,
    @Nullable String table,
    String xid,
    long createdAtMicros,
    @Nullable String type,
    byte @Nullable [] oldRow,
    byte @Nullable [] newRow,
    byte @Nullable [] headers,
    int attempts,
    long epoch) {}
