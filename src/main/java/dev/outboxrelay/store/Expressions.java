// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.store;

import java.util.Locale;

/** Parts of statements that stand in several. */
final class Expressions {
  private Expressions() {}

  /** A statement, or a part of one, with its places filled: digits are the same in every locale. */
  static String sql(String template, Object... values) {
    return String.format(Locale.ROOT, template, values);
  }

  /**
   * A row's true size: the row values are stored uncompressed, and octet_length looks no closer.
   */
  static final String SIZE =
      """
      coalesce(pg_column_size(m.new_row), 0) + coalesce(pg_column_size(m.old_row), 0)
        + coalesce(pg_column_size(m.headers), 0) + coalesce(octet_length(m.key), 0)
        + coalesce(octet_length(m.type), 0)""";

  /**
   * A key as gates know it: of a large one a hash, so that gates take little memory, and the index
   * of parked ones takes any key; word for word that index's expression. Two keys with one hash
   * share a gate: they wait for each other, and nothing else comes of it.
   */
  static String gateKey(String row) {
    return sql(
        """
    (case when octet_length(%1$s.key) <= 200 then %1$s.key \
    else 'hash ' || hashtextextended(%1$s.key, 0)::text end)""",
        row);
  }

  /**
   * At most a day either way: a row may say 'infinity', which cannot be subtracted from. Null stays
   * null, which least() and greatest() would pass over.
   */
  static String millisUntil(String time) {
    return sql(
        """
    case when %1$s is not null then ceil(extract(epoch from greatest(least(%1$s, \
    now() + interval '1 day'), now() - interval '1 day') - now()) * 1000)::bigint end""",
        time);
  }
}
