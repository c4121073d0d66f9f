// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.operate;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Which messages that were set aside are meant; null is any.
 *
 * @param destination its name
 * @param table {@code schema.table}, or the table's name in whatever schema
 * @param key the whole key
 * @param since written at this time or later
 * @param until written before this time
 * @param error words that stand in the last error, in whatever case
 */
public record Selection(
    @Nullable String destination,
    @Nullable String table,
    @Nullable String key,
    @Nullable Instant since,
    @Nullable Instant until,
    @Nullable String error) {

  /** Everything that was set aside. */
  public static final Selection ALL = new Selection(null, null, null, null, null, null);

  /** What it says in SQL, of a row {@code f} of {@code outbox.failed}. */
  static final String CONDITION =
      " (cast(? as text) is null or f.destination = cast(? as text))"
          + " and (cast(? as text) is null or f.source_table = cast(? as text)"
          + " or f.source_schema || '.' || f.source_table = cast(? as text))"
          + " and (cast(? as text) is null or f.key = cast(? as text))"
          + " and (cast(? as timestamptz) is null or f.created_at >= cast(? as timestamptz))"
          + " and (cast(? as timestamptz) is null or f.created_at < cast(? as timestamptz))"
          + " and (cast(? as text) is null"
          + " or position(lower(cast(? as text)) in lower(f.last_error)) > 0)";

  /** The parameters of {@link #CONDITION}, and these. */
  @Nullable Object[] parameters(@Nullable Object... further) {
    @Nullable Object[] own = {
      destination,
      destination,
      table,
      table,
      table,
      key,
      key,
      since,
      since,
      until,
      until,
      error,
      error
    };
    @Nullable Object[] all = new Object[own.length + further.length];
    System.arraycopy(own, 0, all, 0, own.length);
    System.arraycopy(further, 0, all, own.length, further.length);
    return all;
  }

  /** Whether it names nothing, and so means everything. */
  public boolean isAll() {
    return equals(ALL);
  }
}
