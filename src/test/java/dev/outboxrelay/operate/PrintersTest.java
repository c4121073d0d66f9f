// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.operate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.outboxrelay.operate.TablePrinter.Column;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** How rows are shown. */
final class PrintersTest {
  private static final Instant TIME = Instant.parse("2026-11-22T06:05:00.123456Z");

  private static List<String> table(List<Column> columns, List<List<Row>> pieces) {
    StringWriter text = new StringWriter();
    TablePrinter table = new TablePrinter(new PrintWriter(text), columns);
    pieces.forEach(table::print);
    return text.toString().lines().toList();
  }

  @Test
  void table_ofTextsAndNumbers_alignsThem() {
    assertEquals(
        List.of(
            "NAME    PENDING  LAST ERROR", "a             5  -", "längst     1000  no \\u001b[2J"),
        table(
            List.of(Column.of("name"), Column.number("pending"), Column.of("last_error")),
            List.of(
                List.of(
                    Row.of("name", "a", "pending", 5L, "last_error", null),
                    Row.of("name", "längst", "pending", 1000L, "last_error", "no \u001b[2J")))));
  }

  @Test
  void table_inPieces_hasOneHeaderAndKeepsItsWidths() {
    assertEquals(
        List.of("KEY  OP", "1    insert", "22222  delete", "3    update"),
        table(
            List.of(Column.of("key"), Column.of("op")),
            List.of(
                List.of(Row.of("key", "1", "op", "insert")),
                List.of(
                    Row.of("key", "22222", "op", "delete"), Row.of("key", "3", "op", "update")))));
  }

  @ParameterizedTest
  @CsvSource({
    "0,0B",
    "999,999B",
    "1000,1.0kB",
    "8300,8.1kB",
    "10190,10kB",
    "1048576,1.0MB",
    "125829120,120MB",
    "-2621440,-2.5MB",
    "9223372036854775807,8192PB"
  })
  void bytes_ofEachSize_areShort(long bytes, String shown) {
    assertEquals(shown, Cell.bytes(bytes));
  }

  @Test
  void table_longCell_isCut() {
    List<String> lines =
        table(List.of(Column.of("error")), List.of(List.of(Row.of("error", "x".repeat(500)))));
    assertEquals("x".repeat(59) + "…", lines.get(1));
  }

  @ParameterizedTest
  @CsvSource({
    "0, 0s",
    "350000, 350us",
    "350000000, 350ms",
    "12000000000, 12s",
    "200000000000, 3m20s",
    "7500000000000, 2h5m",
    "788400000000000, 9d3h",
    "86400000000000, 1d",
    "-12000000000, -12s"
  })
  void cell_duration_isItsTwoLargestUnits(long nanos, String shown) {
    assertEquals(shown, Cell.text(Duration.ofNanos(nanos)));
  }

  @Test
  void cell_ofEachKind_isShort() {
    assertEquals("-", Cell.text(null));
    assertEquals("\"\"", Cell.text(""));
    assertEquals("yes", Cell.text(true));
    assertEquals("2026-11-22T06:05:00Z", Cell.text(TIME));
    assertEquals("a, b", Cell.text(List.of("a", "b")));
    assertEquals("{\"a\":1.50}", Cell.text(new Json("{ \"a\" :\n 1.50 }")));
  }

  private static String json(Row row) {
    StringWriter text = new StringWriter();
    new JsonPrinter(new PrintWriter(text)).print(row);
    return text.toString();
  }

  @Test
  void json_ofEachKind_isOneLine() {
    assertEquals(
        "{\"n\":1,\"none\":null,\"is\":true,\"at\":\"2026-11-22T06:05:00.123456Z\","
            + "\"age_seconds\":1.5,\"list\":[\"a\"],\"rows\":[{\"b\":2}]}\n",
        json(
            Row.of(
                "n",
                1L,
                "none",
                null,
                "is",
                true,
                "at",
                TIME,
                "age",
                Duration.ofMillis(1500),
                "list",
                List.of("a"),
                "rows",
                List.of(Row.of("b", 2)))));
  }

  @Test
  void json_textThatSteersATerminal_isEscapedAndTheSame() throws Exception {
    String text = "\u001b[2J\u009b\u202e\u2028\n\"\\ ü \ud83d\ude00";
    String line = json(Row.of("text", text));
    assertTrue(line.strip().chars().allMatch(c -> c >= ' ' && c < 127), line);
    assertEquals(text, new ObjectMapper().readTree(line).get("text").asText());
  }

  /**
   * A numeric keeps every digit, and an application may store whatever PostgreSQL takes as JSON.
   */
  @Test
  void json_ofTheDatabase_keepsItsValues() {
    String digits = "7".repeat(2000);
    assertEquals(
        "{\"row\":{\"a\":1.00,\"b\":1E+2,\"c\":-0,\"d\":"
            + digits
            + ",\"e\":\"\\uD800\",\"e\":[{}]}}\n",
        json(
            Row.of(
                "row",
                new Json(
                    "{ \"a\": 1.00,\n\"b\":1E+2,\t\"c\":-0,\"d\":"
                        + digits
                        + ",\"e\":\"\\ud800\",\"e\":[ {} ] }"))));
  }

  @Test
  void json_deep_isCopied() {
    String deep = "[".repeat(6000) + "]".repeat(6000);
    assertEquals("{\"row\":" + deep + "}\n", json(Row.of("row", new Json(deep))));
  }
}
