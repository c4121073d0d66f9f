// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.format;

import static dev.outboxrelay.format.JsonWriter.literal;

import dev.outboxrelay.values.Change;
import dev.outboxrelay.values.WireId;

/**
 * The format 'td': the keys of the TD dictionary that a PL/Python trigger sees, for servers that
 * were written for such a trigger, and before them what a receiver needs to acknowledge: {@code
 * id}, {@code epoch} and {@code attempt}.
 */
final class TdFormatter implements Formatter {

  private static final byte[] ID = literal("{\"id\":\"");
  private static final byte[] EPOCH = literal("\",\"epoch\":");
  private static final byte[] ATTEMPT = literal(",\"attempt\":");
  private static final byte[] NAME = literal(",\"name\":");
  private static final byte[] EVENT = literal(",\"event\":");
  private static final byte[] ROW = literal(",\"when\":\"AFTER\",\"level\":\"ROW\"");
  private static final byte[] STATEMENT = literal(",\"when\":\"AFTER\",\"level\":\"STATEMENT\"");
  private static final byte[] SCHEMA = literal(",\"relid\":null,\"table_schema\":");
  private static final byte[] TABLE = literal(",\"table_name\":");
  private static final byte[] NEW = literal(",\"new\":");
  private static final byte[] OLD = literal(",\"old\":");
  private static final byte[] END = literal(",\"args\":null}");

  /** What TD calls the trigger; a captured table's triggers begin with it. */
  private static final String TRIGGER = "outbox";

  @Override
  public byte[] format(Change change) {
    JsonWriter out = JsonWriter.sizedFor(change);
    out.raw(ID).wireId(change.id(), WireId.stamp(change.createdAtMicros()));
    out.raw(EPOCH).number(change.epoch());
    out.raw(ATTEMPT).number(change.attempts() + 1L);
    out.raw(NAME).string(change.type() == null ? TRIGGER : change.type());
    out.raw(EVENT).string(event(change.op()));
    out.raw(change.op().equals("truncate") ? STATEMENT : ROW);
    out.raw(SCHEMA).stringOrNull(change.schema());
    out.raw(TABLE).stringOrNull(change.table());
    out.raw(NEW).storedOrNull(change.newRow());
    out.raw(OLD).storedOrNull(change.oldRow());
    return out.raw(END).toBytes();
  }

  private static String event(String op) {
    return switch (op) {
      // To a trigger's server a row that was there before is a row that it has not seen yet.
      case "insert", "read" -> "INSERT";
      case "update" -> "UPDATE";
      case "delete" -> "DELETE";
      case "truncate" -> "TRUNCATE";
      default -> "MESSAGE";
    };
  }
}
