// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.operate;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A row of whatever is shown: names and values, in order. A value is null, a text, a number, a
 * boolean, an {@link java.time.Instant}, a {@link java.time.Duration}, {@link Json}, or a list of
 * texts, numbers or rows.
 *
 * @param values by name
 */
public record Row(Map<String, @Nullable Object> values) {

  public Row {
    values = Collections.unmodifiableMap(new LinkedHashMap<>(values));
  }

  /** A row of these names and values, one after the other. */
  public static Row of(@Nullable Object... namesAndValues) {
    Map<String, @Nullable Object> values = new LinkedHashMap<>();
    for (int at = 0; at < namesAndValues.length; at += 2) {
      values.put(String.valueOf(namesAndValues[at]), namesAndValues[at + 1]);
    }
    return new Row(values);
  }

  /** The same and one more, or with another value. */
  public Row with(String name, @Nullable Object value) {
    Map<String, @Nullable Object> more = new LinkedHashMap<>(values);
    more.put(name, value);
    return new Row(more);
  }

  /** The same without a value. */
  public Row without(String name) {
    Map<String, @Nullable Object> less = new LinkedHashMap<>(values);
    less.remove(name);
    return new Row(less);
  }

  public @Nullable Object get(String name) {
    return values.get(name);
  }

  /** A value as text, empty for null. */
  public String text(String name) {
    Object value = values.get(name);
    return value == null ? "" : value.toString();
  }

  /** A number, 0 for null. */
  public long number(String name) {
    return values.get(name) instanceof Number number ? number.longValue() : 0;
  }

  public boolean isTrue(String name) {
    return Boolean.TRUE.equals(values.get(name));
  }
}
