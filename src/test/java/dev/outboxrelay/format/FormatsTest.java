// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.format;

import static dev.outboxrelay.format.Changes.text;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.outboxrelay.values.Change;
import dev.outboxrelay.values.Destination.Format;
import io.cloudevents.CloudEvent;
import io.cloudevents.SpecVersion;
import io.cloudevents.core.provider.EventFormatProvider;
import io.cloudevents.jackson.JsonFormat;
import java.nio.charset.StandardCharsets;
import java.time.OffsetDateTime;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.apache.kafka.connect.data.SchemaAndValue;
import org.apache.kafka.connect.json.JsonConverter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class FormatsTest {

  private static final String OLD = "{\"n\":1,\"t\":\"a\"}";
  private static final String NEW =
      "{\"n\":12345678901234567890.1234567890,\n\"t\":\"é \\u0001 \\\"q\\\"\"}";

  private final ObjectMapper json = new ObjectMapper();

  @ParameterizedTest
  @EnumSource
  void everyFormat_ofEveryOperation_isOneLineOfJson(Format format) throws Exception {
    for (Change change : everyOperation()) {
      String line = text(Formatters.of(format).format(change));
      assertFalse(line.contains("\n") || line.contains("\r"), line);
      json.readTree(line);
    }
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "PAYLOAD")
  void everyFormatWithAnEnvelope_hasTheIdToAcknowledge(Format format) throws Exception {
    for (Change change : everyOperation()) {
      JsonNode line = json.readTree(Formatters.of(format).format(change));
      JsonNode id = format == Format.DEBEZIUM ? line.at("/source/id") : line.get("id");
      assertEquals(change.id() + "-hoe22fla2o", id.textValue());
    }
  }

  @Test
  void td_ofAnUpdate_hasTheKeysOfTheDictionary() {
    assertEquals(
        "{\"id\":\"1042-hoe22fla2o\",\"epoch\":3,\"attempt\":1,\"name\":\"outbox\",\"event\":\"UPDATE\","
            + "\"when\":\"AFTER\",\"level\":\"ROW\",\"relid\":null,\"table_schema\":\"public\","
            + "\"table_name\":\"orders\",\"new\":{\"n\":2},\"old\":{\"n\":1},\"args\":null}",
        text(Formatters.of(Format.TD).format(Changes.update("{\"n\":1}", "{\"n\":2}"))));
  }

  @Test
  void td_ofOtherOperations_namesThemAsPostgresDoes() throws Exception {
    assertEquals("INSERT", td("insert").get("event").asText());
    assertEquals("INSERT", td("read").get("event").asText());
    assertEquals("DELETE", td("delete").get("event").asText());
    assertEquals("TRUNCATE", td("truncate").get("event").asText());
    assertEquals("STATEMENT", td("truncate").get("level").asText());
    assertEquals("MESSAGE", td("message").get("event").asText());
  }

  private JsonNode td(String op) throws Exception {
    return json.readTree(Formatters.of(Format.TD).format(Changes.row(op, "1", null, null)));
  }

  @Test
  void payload_isTheNewRowAlone() {
    Formatter payload = Formatters.of(Format.PAYLOAD);
    assertEquals("{\"n\": 2}", text(payload.format(Changes.update(OLD, "{\"n\":\n2}"))));
    assertEquals("[7]", text(payload.format(Changes.published("t", "[7]", null))));
    assertEquals("null", text(payload.format(Changes.row("delete", "1", OLD, null))));
  }

  @Test
  void cloudEvents_ofARow_isReadByTheSdk() throws Exception {
    CloudEvent event = event(Changes.update(OLD, NEW));
    assertEquals(SpecVersion.V1, event.getSpecVersion());
    assertEquals("1042-hoe22fla2o", event.getId());
    assertEquals("/public/orders", event.getSource().toString());
    assertEquals("dev.outboxrelay.update", event.getType());
    assertEquals("17", event.getSubject());
    assertEquals("17", event.getExtension("partitionkey"));
    assertEquals(OffsetDateTime.parse("2026-11-22T06:05:00.123456Z"), event.getTime());
    assertEquals("application/json", event.getDataContentType());
    assertEquals("3", event.getExtension("epoch"));
    assertEquals("1", String.valueOf(event.getExtension("attempt")));
    JsonNode data = json.readTree(event.getData().toBytes());
    assertEquals(json.readTree(OLD), data.get("old"));
  }

  @Test
  void cloudEvents_ofAPublishedMessage_hasItsTypeAndPayload() throws Exception {
    CloudEvent event = event(Changes.published("order.placed", "{\"a\":[1]}", "{\"h\":\"\\\"\"}"));
    assertEquals("order.placed", event.getType());
    assertEquals("/shop", event.getSource().toString());
    assertEquals("{\"a\":[1]}", new String(event.getData().toBytes(), StandardCharsets.UTF_8));
    assertEquals("{\"h\":\"\\\"\"}", event.getExtension("headers"));
  }

  @Test
  void cloudEvents_ofEveryOperation_isValid() {
    for (Change change : everyOperation()) {
      assertEquals(change.id() + "-hoe22fla2o", event(change).getId());
    }
  }

  @Test
  void cloudEvents_ofATableWithAnOddName_hasAValidSource() {
    Change odd =
        new Change(1, "d", "", "insert", "a b", "ü/\"x\"", "1", 0, null, null, null, null, 0, 1);
    CloudEvent event = event(odd);
    assertEquals("/a%20b/%C3%BC%2F%22x%22", event.getSource().toString());
    assertNull(event.getSubject());
  }

  private static CloudEvent event(Change change) {
    return EventFormatProvider.getInstance()
        .resolveFormat(JsonFormat.CONTENT_TYPE)
        .deserialize(Formatters.of(Format.CLOUDEVENTS).format(change));
  }

  @Test
  void debezium_ofARow_isReadByTheConverter() {
    Map<?, ?> envelope = converted(Changes.update(OLD, NEW));
    assertEquals("u", envelope.get("op"));
    assertEquals(1L, ((Map<?, ?>) envelope.get("before")).get("n"));
    assertEquals("é \u0001 \"q\"", ((Map<?, ?>) envelope.get("after")).get("t"));
    Map<?, ?> source = (Map<?, ?>) envelope.get("source");
    assertEquals("shop", source.get("name"));
    assertEquals("orders", source.get("table"));
    assertEquals(7712L, source.get("txId"));
    assertEquals(Changes.AT_MICROS / 1000, envelope.get("ts_ms"));
    assertEquals(Changes.AT_MICROS, source.get("ts_us"));
    assertTrue(envelope.containsKey("transaction"));
  }

  @Test
  void debezium_ofOtherOperations_usesItsLetters() {
    assertEquals("c", converted(Changes.row("insert", "1", null, NEW)).get("op"));
    assertEquals("d", converted(Changes.row("delete", "1", OLD, null)).get("op"));
    assertEquals("t", converted(Changes.row("truncate", null, null, null)).get("op"));
    Map<?, ?> read = converted(Changes.row("read", "1", null, NEW));
    assertEquals("r", read.get("op"));
    assertEquals("true", ((Map<?, ?>) read.get("source")).get("snapshot"));
  }

  @Test
  void debezium_ofAPublishedMessage_isALogicalMessage() {
    Map<?, ?> envelope = converted(Changes.published("order.placed", "{\"a\":1}", null));
    assertEquals("m", envelope.get("op"));
    Map<?, ?> message = (Map<?, ?>) envelope.get("message");
    assertEquals("order.placed", message.get("prefix"));
    byte[] content = Base64.getDecoder().decode((String) message.get("content"));
    assertEquals("{\"a\":1}", new String(content, StandardCharsets.UTF_8));
  }

  private static Map<?, ?> converted(Change change) {
    try (JsonConverter converter = new JsonConverter()) {
      converter.configure(Map.of("schemas.enable", "false"), false);
      SchemaAndValue value =
          converter.toConnectData("topic", Formatters.of(Format.DEBEZIUM).format(change));
      return (Map<?, ?>) value.value();
    }
  }

  @ParameterizedTest
  @EnumSource(
      mode = EnumSource.Mode.EXCLUDE,
      names = {"PAYLOAD"})
  void everyFormat_keepsEveryDigit(Format format) {
    String line = text(Formatters.of(format).format(Changes.update(OLD, NEW)));
    assertTrue(line.contains("{\"n\":12345678901234567890.1234567890,"), line);
  }

  private static List<Change> everyOperation() {
    return List.of(
        Changes.row("insert", "1", null, NEW),
        Changes.update(OLD, NEW),
        Changes.row("delete", "a\"b\n", OLD, null),
        Changes.row("truncate", null, null, null),
        Changes.row("read", "", null, NEW),
        Changes.published("", "7", "{\r\n}"),
        Changes.published("order.placed", NEW, null));
  }
}
