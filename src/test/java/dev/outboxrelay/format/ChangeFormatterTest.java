// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.format;

import static dev.outboxrelay.format.Changes.AT_MICROS;
import static dev.outboxrelay.format.Changes.text;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.outboxrelay.values.Change;
import dev.outboxrelay.values.Destination;
import dev.outboxrelay.values.WireId;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ChangeFormatterTest {

  private final Formatter formatter = Formatters.of(Destination.Format.CHANGE);
  private final ObjectMapper json = new ObjectMapper();

  @Test
  void update_withBothRows_isTheDocumentedLine() {
    String line = text(formatter.format(Changes.update("{\"a\":1}", "{\"a\":2.50}")));
    assertEquals(
        "{\"id\":\"1042-hoe22fla2o\",\"epoch\":3,\"attempt\":1,\"op\":\"update\",\"schema\":\"public\","
            + "\"table\":\"orders\",\"key\":\"17\",\"tx\":\"7712\","
            + "\"at\":\"2026-11-22T06:05:00.123456Z\",\"old\":{\"a\":1},\"new\":{\"a\":2.50}}",
        line);
  }

  @Test
  void insert_withoutKey_saysNullAndOmitsOld() {
    String line = text(formatter.format(Changes.row("insert", null, null, "{}")));
    assertEquals(
        "{\"id\":\"1042-hoe22fla2o\",\"epoch\":3,\"attempt\":1,\"op\":\"insert\",\"schema\":\"public\","
            + "\"table\":\"orders\",\"key\":null,\"tx\":\"7712\","
            + "\"at\":\"2026-11-22T06:05:00.123456Z\",\"new\":{}}",
        line);
  }

  @Test
  void publishedMessage_withTypeAndHeaders_carriesItsPayloadAsNew() {
    String line = text(formatter.format(Changes.published("order.placed", "[1]", "{\"h\":1}")));
    assertEquals(
        "{\"id\":\"1043-hoe22fla2o\",\"epoch\":4,\"attempt\":3,\"op\":\"message\",\"type\":\"order.placed\","
            + "\"key\":\"c-7\",\"tx\":\"7713\",\"at\":\"2026-11-22T06:05:00.123456Z\","
            + "\"headers\":{\"h\":1},\"new\":[1]}",
        line);
  }

  @Test
  void storedJson_withLineBreaks_staysOnOneLineAndKeepsEveryDigit() throws Exception {
    String stored = "{\r\n \"n\" : 1234567890123456789012345678901234567890.10,\n\"s\":\"a\\nb\"}";
    String line = text(formatter.format(Changes.row("insert", "1", null, stored)));
    assertFalse(line.contains("\n"));
    assertFalse(line.contains("\r"));
    assertEquals("a\nb", json.readTree(line).at("/new/s").asText());
    assertEquals(
        stored.replace('\n', ' ').replace('\r', ' '),
        line.substring(line.indexOf("{ ", 1), line.length() - 1));
  }

  @Test
  void key_withEveryUglyCharacter_comesBackAsItWas() throws Exception {
    StringBuilder ugly = new StringBuilder("\"\\/\u007f\u0080\u07ff\u0800\uffff\ud83d\ude00");
    for (char c = 0; c < 0x20; c++) {
      ugly.append(c);
    }
    byte[] line = formatter.format(Changes.row("insert", ugly.toString(), null, "{}"));
    assertEquals(ugly.toString(), json.readTree(line).get("key").asText());
  }

  @Test
  void key_withHalfASurrogatePair_isMarkedAndStaysValidUtf8() throws Exception {
    byte[] line = formatter.format(Changes.row("insert", "a\ud83d" + "b\ude00\ud83d", null, "{}"));
    assertEquals("a\ufffdb\ufffd\ufffd", json.readTree(line).get("key").asText());
  }

  @Test
  void key_ofRandomText_isReadBackTheSame() throws Exception {
    Random random = new Random(7);
    for (int round = 0; round < 2_000; round++) {
      String key =
          random
              .ints(random.nextInt(900), 0, Character.MAX_CODE_POINT + 1)
              .filter(c -> c < Character.MIN_SURROGATE || c > Character.MAX_SURROGATE)
              .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
              .toString();
      JsonNode line = json.readTree(formatter.format(Changes.row("insert", key, null, "{}")));
      assertEquals(key, line.get("key").asText());
    }
  }

  @Test
  void timestamp_ofAnyInstant_hasSixDigitsAndIsUtc() throws Exception {
    Random random = new Random(11);
    for (int round = 0; round < 2_000; round++) {
      long micros = AT_MICROS + (random.nextLong() >> 12);
      JsonNode line = json.readTree(formatter.format(at(micros)));
      String at = line.get("at").asText();
      assertEquals(27, at.length(), at);
      assertEquals(micros, ChronoUnit.MICROS.between(Instant.EPOCH, Instant.parse(at)), at);
    }
  }

  @Test
  void numbers_atTheirLimits_areWrittenWhole() throws Exception {
    for (long id : new long[] {0, 9, 10, 99, 100, Long.MAX_VALUE, Long.MIN_VALUE, -1}) {
      Change change =
          new Change(id, "d", null, "message", null, null, "1", 0, null, null, null, null, 0, id);
      JsonNode line = json.readTree(formatter.format(change));
      assertEquals(id + "-0", line.get("id").asText());
      assertEquals(id, line.get("epoch").asLong());
    }
  }

  @Test
  void id_ofAnyChange_isTheRowsIdAndTheMicrosecondOfTheChange() throws Exception {
    Random random = new Random(13);
    for (int round = 0; round < 2_000; round++) {
      long micros = AT_MICROS + (random.nextLong() >> 12);
      long id = 1 + (random.nextLong() >>> 1 + random.nextInt(60));
      Change change =
          new Change(
              id, "d", null, "message", null, null, "1", micros, null, null, null, null, 0, 1);
      String written = json.readTree(formatter.format(change)).get("id").asText();
      assertEquals(new WireId(id, WireId.stamp(micros)).toString(), written);
      assertEquals(new WireId(id, WireId.stamp(micros)), WireId.parse(written));
    }
  }

  private static Change at(long micros) {
    return new Change(
        1, "d", null, "message", null, null, "1", micros, null, null, null, null, 0, 1);
  }
}
