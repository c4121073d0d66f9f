// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outboxrelay.operate.WantedCapture;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** How the file of {@code apply} is read, and what is refused. */
final class OutboxFileTest {
  private static final List<String> SETTINGS =
      List.of("uri", "max_attempts", "retry_max", "paused", "keep_delivered", "options");

  private static OutboxFile read(String text) {
    return OutboxFile.read("outbox.yaml", text, SETTINGS);
  }

  private static String refused(String text) {
    UserError error = assertThrows(UserError.class, () -> read(text));
    assertEquals(ExitCode.USAGE, error.exitCode());
    return String.valueOf(error.getMessage());
  }

  @Test
  void values_areTheTextsThatWereWritten() {
    OutboxFile file =
        read(
            """
            destinations:
              no:
                max_attempts: 010
                retry_max: 1:30
                paused: on
                keep_delivered: null
                options: {tls_ca: /etc/ca.pem, n: 1.10, flag: true, text: "true", list: [1, a]}
            """);
    assertEquals(
        "{max_attempts=010, retry_max=1:30, paused=on, keep_delivered=null,"
            + " options={\"tls_ca\":\"/etc/ca.pem\",\"n\":1.10,\"flag\":true,\"text\":\"true\","
            + "\"list\":[1,\"a\"]}}",
        String.valueOf(file.destinations().get("no")));
  }

  @Test
  void capture_withTableAlone_hasTheDefaultsOfTheFunction() {
    assertEquals(
        List.of(
            new WantedCapture(
                "orders",
                "shop",
                null,
                List.of("insert", "update", "delete"),
                null,
                null,
                null,
                true,
                false,
                "origin",
                true)),
        read("captures: [{table: orders, destination: shop}]").captures());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "destination: {}| did you mean 'destinations'? (line 1)",
        "destinations: {shop: {max-attempts: 5}}| did you mean 'max_attempts'? (line 1)",
        "destinations: {shop: {urii: x}}| did you mean 'uri'? (line 1)",
        "captures: [{tabel: orders, destination: shop}]| did you mean 'table'? (line 1)",
        "captures: [{table: o, destination: d, exept_columns: [a]}]| 'except_columns'?",
        "captures: [{table: orders}]|needs a table and a destination",
        "captures: [{table: o, destination: d, notify: nope}]|need true or false",
        "captures: [{table: o, destination: d, key: id}]|no list of names",
        "captures: {table: o}|captures is no list",
        "destinations: [shop]|no mapping",
        "destinations: {shop: {uri: a, uri: b}}|'uri' is given twice",
        "'captures: [{table: o, destination: d}, {table: o, destination: d}]'|twice",
        "destinations: {shop: &a {uri: x}, crm: *a}|aliases",
        "destinations: {shop: {uri: '}|no YAML",
        "!!javax.script.ScriptEngineManager [x]|not allowed",
        "''|it is empty",
      })
  void nonsense_isRefusedWithWhatWasMeantAndWhere(String text, String words) {
    assertTrue(refused(text).contains(words.strip()), refused(text));
  }

  @ParameterizedTest
  @ValueSource(ints = {15, 30, 3000})
  void depth_beyondTheBound_isNoStackOverflow(int depth) {
    String text = "destinations: {shop: {options: " + "[".repeat(depth) + "]".repeat(depth) + "}}";
    if (depth < 16) {
      assertEquals(1, read(text).destinations().size());
    } else {
      assertTrue(refused(text).contains("Depth"), refused(text));
    }
  }
}
