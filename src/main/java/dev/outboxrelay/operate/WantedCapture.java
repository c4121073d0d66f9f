// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.operate;

import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A capture as a file describes it: the parameters of {@code outbox.capture}, null where the
 * function has null.
 */
public record WantedCapture(
    String table,
    String destination,
    @Nullable List<String> key,
    List<String> operations,
    @Nullable List<String> columns,
    @Nullable List<String> exceptColumns,
    @Nullable String condition,
    boolean includeOld,
    boolean skipUnchanged,
    String fires,
    boolean notifies) {

  /** The same of a table by its whole name. */
  public WantedCapture of(String wholeName) {
    return new WantedCapture(
        wholeName,
        destination,
        key,
        operations,
        columns,
        exceptColumns,
        condition,
        includeOld,
        skipUnchanged,
        fires,
        notifies);
  }

  @Nullable Object[] parameters() {
    return new @Nullable Object[] {
      table,
      destination,
      array(key),
      array(operations),
      array(columns),
      array(exceptColumns),
      condition,
      includeOld,
      skipUnchanged,
      fires,
      notifies
    };
  }

  private static String @Nullable [] array(@Nullable List<String> texts) {
    return texts == null ? null : texts.toArray(String[]::new);
  }

  /** Whether it reads as what is there; false where only the database can tell. */
  boolean readsAs(Row there) {
    return same(operations, there.get("operations"))
        && (key == null ? there.get("primary_key") : key).equals(there.get("key"))
        && same(columns, there.get("columns"))
        && same(exceptColumns, there.get("except_columns"))
        && (condition == null
            ? there.get("condition") == null
            : condition.equals(there.get("given")) || condition.equals(there.get("condition")))
        && includeOld == there.isTrue("include_old")
        && skipUnchanged == there.isTrue("skip_unchanged")
        && fires.equals(there.get("fires"))
        && notifies == there.isTrue("notify");
  }

  private static boolean same(@Nullable List<String> wanted, @Nullable Object there) {
    return wanted == null
        ? there == null
        : there instanceof List<?> list && Set.copyOf(wanted).equals(Set.copyOf(list));
  }
}
