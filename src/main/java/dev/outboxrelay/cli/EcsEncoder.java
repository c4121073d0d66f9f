// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.IThrowableProxy;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.encoder.EncoderBase;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import org.slf4j.event.KeyValuePair;

/**
 * A line of the log as JSON, with the names of the Elastic Common Schema. What a line speaks of has
 * fields of its own, {@code outbox.destination} and {@code outbox.message}.
 */
final class EcsEncoder extends EncoderBase<ILoggingEvent> {
  static final String ECS_VERSION = "8.11.0";
  private static final byte[] NOTHING = {};

  private final ObjectMapper json = new ObjectMapper();

  @Override
  public byte[] headerBytes() {
    return NOTHING;
  }

  @Override
  public byte[] footerBytes() {
    return NOTHING;
  }

  @Override
  public byte[] encode(ILoggingEvent event) {
    ObjectNode line = json.createObjectNode();
    line.put("@timestamp", Instant.ofEpochMilli(event.getTimeStamp()).toString());
    line.put("log.level", event.getLevel().toString().toLowerCase(Locale.ROOT));
    line.put("message", event.getFormattedMessage());
    line.put("ecs.version", ECS_VERSION);
    line.put("service.name", "outbox-relay");
    line.put("log.logger", event.getLoggerName());
    line.put("process.thread.name", event.getThreadName());
    List<KeyValuePair> pairs = event.getKeyValuePairs();
    if (pairs != null) {
      for (KeyValuePair pair : pairs) {
        if (pair.value instanceof Long || pair.value instanceof Integer) {
          line.put(pair.key, ((Number) pair.value).longValue());
        } else {
          line.put(pair.key, String.valueOf(pair.value));
        }
      }
    }
    IThrowableProxy error = event.getThrowableProxy();
    if (error != null) {
      line.put("error.type", error.getClassName());
      line.put("error.message", error.getMessage());
      line.put("error.stack_trace", ThrowableProxyUtil.asString(error));
    }
    try {
      return (json.writeValueAsString(line) + "\n").getBytes(StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
