// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.operate;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamWriteConstraints;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Prints rows as JSON for scripts, one line each, in ASCII: what would steer a terminal is escaped.
 * Times are UTC in ISO 8601. A duration is a number, and its name ends in {@code _seconds}. Values
 * of rows keep every digit.
 */
public final class JsonPrinter {
  /** What PostgreSQL took as JSON is written, however deep, long or large it is. */
  private static final JsonFactory FACTORY =
      JsonFactory.builder()
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(Integer.MAX_VALUE)
                  .maxNumberLength(Integer.MAX_VALUE)
                  .maxStringLength(Integer.MAX_VALUE)
                  .maxNameLength(Integer.MAX_VALUE)
                  .build())
          .streamWriteConstraints(
              StreamWriteConstraints.builder().maxNestingDepth(Integer.MAX_VALUE).build())
          .build();

  private static final JsonFactory ASCII =
      JsonFactory.builder()
          .enable(JsonWriteFeature.ESCAPE_NON_ASCII)
          .streamWriteConstraints(
              StreamWriteConstraints.builder().maxNestingDepth(Integer.MAX_VALUE).build())
          .build();

  private final PrintWriter out;

  public JsonPrinter(PrintWriter out) {
    this.out = out;
  }

  /** One line. */
  public void print(Row row) {
    out.println(line(row));
    out.flush();
  }

  /** A line each. */
  public void print(List<Row> rows) {
    rows.forEach(row -> out.println(line(row)));
    out.flush();
  }

  /** What {@link #print} prints, without the line's end. */
  public static String line(Row row) {
    StringWriter line = new StringWriter();
    try (JsonGenerator json = ASCII.createGenerator(line)) {
      write(json, row);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return line.toString();
  }

  /** JSON without the white space between its parts, its values as they were. */
  static String compact(String text) {
    StringWriter line = new StringWriter();
    try (JsonGenerator json = FACTORY.createGenerator(line)) {
      copy(json, text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return line.toString();
  }

  private static void write(JsonGenerator json, Row row) throws IOException {
    json.writeStartObject();
    for (Map.Entry<String, @Nullable Object> each : row.values().entrySet()) {
      String name = each.getKey();
      boolean seconds = each.getValue() instanceof Duration && !name.endsWith("_seconds");
      json.writeFieldName(seconds ? name + "_seconds" : name);
      write(json, each.getValue());
    }
    json.writeEndObject();
  }

  private static void write(JsonGenerator json, @Nullable Object value) throws IOException {
    if (value == null) {
      json.writeNull();
    } else if (value instanceof Row row) {
      write(json, row);
    } else if (value instanceof Json own) {
      copy(json, own.text());
    } else if (value instanceof List<?> list) {
      json.writeStartArray();
      for (Object each : list) {
        write(json, each);
      }
      json.writeEndArray();
    } else if (value instanceof Boolean is) {
      json.writeBoolean(is);
    } else if (value instanceof Duration duration) {
      json.writeNumber(seconds(duration));
    } else if (value instanceof BigDecimal number) {
      json.writeNumber(number.toPlainString());
    } else if (value instanceof Number number) {
      json.writeNumber(number.toString());
    } else if (value instanceof Instant time) {
      json.writeString(time.toString());
    } else {
      json.writeString(value.toString());
    }
  }

  private static String seconds(Duration duration) {
    BigDecimal seconds =
        BigDecimal.valueOf(duration.getSeconds())
            .add(BigDecimal.valueOf(duration.getNano(), 9))
            .stripTrailingZeros();
    return seconds.toPlainString();
  }

  /** Part by part, without recursion; a number's text as it is. */
  private static void copy(JsonGenerator json, String text) throws IOException {
    try (JsonParser parser = FACTORY.createParser(text)) {
      for (JsonToken token = parser.nextToken(); token != null; token = parser.nextToken()) {
        switch (token) {
          case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> json.writeNumber(parser.getText());
          default -> json.copyCurrentEvent(parser);
        }
      }
    }
  }
}
