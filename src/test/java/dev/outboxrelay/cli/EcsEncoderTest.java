// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.outboxrelay.values.WireId;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** A line of the log as JSON. */
final class EcsEncoderTest {

  @Test
  void line_ofAMessage_hasItsIdAndDestinationAsFields() throws Exception {
    Logger logger = (Logger) LoggerFactory.getLogger("dev.outboxrelay.relay");
    ListAppender<ILoggingEvent> lines = new ListAppender<>();
    lines.start();
    logger.addAppender(lines);
    WireId id = Objects.requireNonNull(WireId.parse("1042-hoe22fla2o"));
    try {
      new RelayLog().failed("shop", id, 3, "no \"such\"\nrow");
    } finally {
      logger.detachAppender(lines);
    }
    String text = new String(new EcsEncoder().encode(lines.list.get(0)), StandardCharsets.UTF_8);
    assertTrue(text.endsWith("\n"));
    assertFalse(text.strip().contains("\n"));
    JsonNode line = new ObjectMapper().readTree(text);
    assertEquals("warn", line.get("log.level").asText());
    assertEquals("shop", line.get("outbox.destination").asText());
    assertEquals("1042-hoe22fla2o", line.get("outbox.message").asText());
    assertTrue(line.get("message").asText().contains("no \"such\"\nrow"));
    assertTrue(line.has("@timestamp") && line.has("ecs.version"));
  }
}
