// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.tcp;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.outboxrelay.sink.Answer;
import dev.outboxrelay.values.WireId;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Reads any answer that the protocol knows, thoroughly: exactly one of {@code ack}, {@code
 * ack_up_to} and {@code nack}, whose id is a {@link WireId}. Members that it does not know are
 * passed over.
 */
final class AnswerJson {

  static final int MAX_REASON_CHARS = 1_000;
  static final Duration MAX_RETRY_AFTER = Duration.ofDays(30);

  private static final String DEFAULT_REASON = "refused by the receiver, no reason given";
  private static final int EXCERPT_BYTES = 120;
  private static final String BYTE_ORDER_MARK = "\ufeff";

  private static final JsonMapper JSON =
      JsonMapper.builder()
          .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  private AnswerJson() {}

  /** The answer on a line; null for a line of white space, which says nothing. */
  static @Nullable Answer parse(byte[] line, int length) throws ProtocolException {
    if (isBlank(line, length)) {
      return null;
    }
    JsonNode answer = read(line, length);
    if (!answer.isObject()) {
      throw malformed("is not a JSON object", line, length);
    }
    JsonNode ack = answer.get("ack");
    JsonNode ackUpTo = answer.get("ack_up_to");
    JsonNode nack = answer.get("nack");
    int kinds = (ack == null ? 0 : 1) + (ackUpTo == null ? 0 : 1) + (nack == null ? 0 : 1);
    if (kinds != 1) {
      throw malformed("needs exactly one of ack, ack_up_to and nack", line, length);
    }
    if (ack != null) {
      WireId id = id(ack, line, length);
      return new Answer.Acked(id.id(), id.stamp());
    }
    if (ackUpTo != null) {
      WireId id = id(ackUpTo, line, length);
      return new Answer.AckedUpTo(id.id(), id.stamp());
    }
    WireId id = id(nack, line, length);
    return new Answer.Nacked(
        id.id(),
        id.stamp(),
        reason(answer.get("reason"), line, length),
        retry(answer.get("retry"), line, length),
        retryAfter(answer.get("retry_after_ms"), line, length));
  }

  private static boolean isBlank(byte[] line, int length) {
    for (int at = 0; at < length; at++) {
      if (line[at] != ' ' && line[at] != '\t' && line[at] != '\r') {
        return false;
      }
    }
    return true;
  }

  private static JsonNode read(byte[] line, int length) throws ProtocolException {
    try {
      return JSON.readTree(decode(line, length));
    } catch (CharacterCodingException e) {
      throw malformed("is not UTF-8", line, length);
    } catch (StreamConstraintsException e) {
      throw malformed("is nested too deep, or has a number that is too long", line, length);
    } catch (JsonProcessingException e) {
      // The words of the JSON library quote the receiver's, at any length: they are not passed on.
      boolean twice = e.getOriginalMessage().startsWith("Duplicate");
      throw malformed(twice ? "has a member twice" : "is not JSON", line, length);
    } catch (IllegalArgumentException e) {
      // A number may be well formed and still beyond what can be represented.
      throw malformed("cannot be read as JSON", line, length);
    }
  }

  /** Strictly: the JSON library itself would take UTF-16 and UTF-32 as well. */
  private static String decode(byte[] line, int length) throws CharacterCodingException {
    String text =
        StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(line, 0, length)).toString();
    return text.startsWith(BYTE_ORDER_MARK) ? text.substring(1) : text;
  }

  /**
   * As it was sent, to the letter: a number would be what a receiver is left with that has cut the
   * second part off, and such a receiver takes two changes for one.
   */
  private static WireId id(JsonNode id, byte[] line, int length) throws ProtocolException {
    WireId known = id.isTextual() ? WireId.parse(id.textValue()) : null;
    if (known == null) {
      throw malformed("has no message id", line, length);
    }
    return known;
  }

  private static String reason(@Nullable JsonNode reason, byte[] line, int length)
      throws ProtocolException {
    if (reason == null || reason.isNull()) {
      return DEFAULT_REASON;
    }
    if (!reason.isTextual()) {
      throw malformed("has a reason that is not a string", line, length);
    }
    String text = reason.textValue();
    if (text.isBlank()) {
      return DEFAULT_REASON;
    }
    return Printable.text(text, MAX_REASON_CHARS);
  }

  private static boolean retry(@Nullable JsonNode retry, byte[] line, int length)
      throws ProtocolException {
    if (retry == null || retry.isNull()) {
      return true;
    }
    if (!retry.isBoolean()) {
      throw malformed("has a retry that is neither true nor false", line, length);
    }
    return retry.booleanValue();
  }

  private static @Nullable Duration retryAfter(@Nullable JsonNode millis, byte[] line, int length)
      throws ProtocolException {
    if (millis == null || millis.isNull()) {
      return null;
    }
    if (!millis.isIntegralNumber() || millis.bigIntegerValue().signum() < 0) {
      throw malformed("has a retry_after_ms that is not a whole number from 0 on", line, length);
    }
    BigInteger most = BigInteger.valueOf(MAX_RETRY_AFTER.toMillis());
    return Duration.ofMillis(millis.bigIntegerValue().min(most).longValueExact());
  }

  private static ProtocolException malformed(String what, byte[] line, int length) {
    return new ProtocolException("an answer " + what + ": " + excerpt(line, length));
  }

  /** The beginning of a line, fit for a log. */
  static String excerpt(byte[] line, int length) {
    return Printable.excerpt(line, length, EXCERPT_BYTES);
  }
}
