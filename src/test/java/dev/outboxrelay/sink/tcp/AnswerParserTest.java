// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.tcp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outboxrelay.sink.Answer;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AnswerParserTest {

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"ack\":\"42-0\"}",
        "{\"ack\":\"42-0\"}\r",
        " \t{ \"ack\" : \"42-0\" } \t",
        "{\"ack\":\"4\\u0032-0\"}",
        "{\"\\u0061ck\":\"42-0\"}",
        "{\"ack\":\"42-0\",\"at\":\"now\",\"more\":{\"x\":[1]}}",
      })
  void acknowledgement_inAnySpelling_isUnderstood(String line) throws Exception {
    assertEquals(List.of(new Answer.Acked(42, 0)), parse(line + "\n"));
  }

  @Test
  void ids_upToTheLargest_areUnderstood() throws Exception {
    assertEquals(
        List.of(
            new Answer.Acked(0, 0),
            new Answer.Acked(999_999_999_999_999_999L, 0),
            new Answer.Acked(1, 4_738_381_338_321_616_895L),
            new Answer.Acked(1, 1_795_327_500_123_456L),
            new Answer.Acked(Long.MAX_VALUE, Long.MAX_VALUE),
            new Answer.AckedUpTo(Long.MAX_VALUE, Long.MAX_VALUE)),
        parse(
            "{\"ack\":\"0-0\"}\n{\"ack\":\"999999999999999999-0\"}\n"
                + "{\"ack\":\"1-zzzzzzzzzzzz\"}\n{\"ack\":\"1-hoe22fla2o\"}\n"
                + "{\"ack\":\"9223372036854775807-1y2p0ij32e8e7\"}\n"
                + "{\"ack_up_to\":\"9223372036854775807-1y2p0ij32e8e7\"}\n"));
  }

  @Test
  void refusal_withEverything_isUnderstood() throws Exception {
    assertEquals(
        List.of(
            new Answer.Nacked(7, 0, "no \"such\" order", false, Duration.ofMillis(250)),
            new Answer.Nacked(8, 0, "refused by the receiver, no reason given", true, null),
            new Answer.Nacked(9, 0, "a\ufffdb", true, AnswerJson.MAX_RETRY_AFTER)),
        parse(
            "{\"nack\":\"7-0\",\"reason\":\"no \\\"such\\\" order\",\"retry\":false,"
                + "\"retry_after_ms\":250}\n{\"nack\":\"8-0\",\"reason\":null,\"retry\":null}\n"
                + "{\"nack\":\"9-0\",\"reason\":\"a\\u0000b\",\"retry_after_ms\":999999999999999999999}\n"));
  }

  @Test
  void reason_thatIsTooLong_isCut() throws Exception {
    Answer answer = parse("{\"nack\":\"1-0\",\"reason\":\"" + "x".repeat(5_000) + "\"}\n").get(0);
    assertEquals(AnswerJson.MAX_REASON_CHARS, ((Answer.Nacked) answer).reason().length());
  }

  @Test
  void emptyLines_sayNothing() throws Exception {
    assertEquals(List.of(new Answer.Acked(1, 0)), parse("\n\r\n  \n{\"ack\":\"1-0\"}\n\n"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "ok",
        "HTTP/1.1 400 Bad Request",
        "[]",
        "1",
        "null",
        "\"ack\"",
        "{}",
        "{\"ok\":\"1\"}",
        "{\"ACK\":\"1\"}",
        "{\"ack\":\"\"}",
        "{\"ack\":\"1\"}",
        "{\"ack\":1}",
        "{\"ack\":\"-\"}",
        "{\"ack\":\"1-\"}",
        "{\"ack\":\"-1\"}",
        "{\"ack\":\"-1-0\"}",
        "{\"ack\":\"1--0\"}",
        "{\"ack\":\"+1-0\"}",
        "{\"ack\":\" 1-0\"}",
        "{\"ack\":\"1-0 \"}",
        "{\"ack\":\"1a-0\"}",
        "{\"ack\":\"01-0\"}",
        "{\"ack\":\"1-00\"}",
        "{\"ack\":\"1-0a\"}",
        "{\"ack\":\"1-A\"}",
        "{\"ack\":\"1-0-0\"}",
        "{\"ack\":\"1.0\"}",
        "{\"ack\":\"1-1y2p0ij32e8e8\"}",
        "{\"ack\":\"1-zzzzzzzzzzzzzz\"}",
        "{\"ack\":\"\u0661-0\"}",
        "{\"ack\":\"1-\u0661\"}",
        "{\"ack\":null}",
        "{\"ack\":true}",
        "{\"ack\":[1]}",
        "{\"ack\":\"9223372036854775808-0\"}",
        "{\"ack\":\"99999999999999999999-0\"}",
        "{\"ack\":\"1-0\",\"ack\":\"2-0\"}",
        "{\"ack\":\"1-0\",\"nack\":\"1-0\"}",
        "{\"ack\":\"1-0\"}{\"ack\":\"2-0\"}",
        "{\"ack\":\"1-0\"} x",
        "{\"ack\":\"1-0\"",
        "{\"ack\":\"1}",
        "{'ack':'1'}",
        "{\"nack\":\"1-0\",\"retry\":\"false\"}",
        "{\"nack\":\"1-0\",\"retry\":0}",
        "{\"nack\":\"1-0\",\"retry_after_ms\":-1}",
        "{\"nack\":\"1-0\",\"retry_after_ms\":\"5\"}",
        "{\"nack\":\"1-0\",\"retry_after_ms\":0.5}",
        "{\"nack\":\"1-0\",\"reason\":7}",
      })
  void malformedAnswer_isRefusedWithItsBeginning(String line) {
    ProtocolException refused = assertThrows(ProtocolException.class, () -> parse(line + "\n"));
    assertTrue(
        String.valueOf(refused.getMessage()).contains(line), () -> refused.getMessage() + "");
  }

  @Test
  void invalidUtf8_isRefusedInPrintableWords() {
    byte[] line =
        "{\"nack\":\"1-0\",\"reason\":\"??\u0007\"}\n".getBytes(StandardCharsets.ISO_8859_1);
    line[20] = (byte) 0xff;
    line[21] = (byte) 0xc0;
    ProtocolException refused =
        assertThrows(
            ProtocolException.class,
            () -> new AnswerParser().feed(Unpooled.wrappedBuffer(line), new ArrayList<>()));
    assertTrue(String.valueOf(refused.getMessage()).chars().noneMatch(Character::isISOControl));
  }

  /** What ends up in a column of text, on a terminal and in a log. */
  @Test
  void malformedAnswer_isQuotedInPrintableWordsOfBoundedLength() {
    String name = "\\u0000" + "n".repeat(30_000);
    String turned = "\u202e\u001b[2J\u0085\u2028" + "\u0001".repeat(200);
    for (String line :
        new String[] {
          "{\"\\u0000a\":1,\"\\u0000a\":2,\"ack\":\"1-0\"}",
          "{\"" + name + "\":1,\"" + name + "\":2,\"ack\":\"1-0\"}",
          "{\"ack\":" + turned + "}",
          turned,
          "[".repeat(60_000),
          "{\"ack\":" + "1".repeat(60_000) + "}",
        }) {
      ProtocolException refused = assertThrows(ProtocolException.class, () -> parse(line + "\n"));
      String words = String.valueOf(refused.getMessage());
      assertTrue(words.getBytes(StandardCharsets.UTF_8).length < 200, words);
      assertTrue(words.codePoints().allMatch(AnswerParserTest::isPlain), words);
      assertFalse(words.contains("jackson") || words.contains("Stream"), words);
    }
  }

  private static boolean isPlain(int c) {
    return c == '\u2026' || c >= ' ' && c < 0x7f;
  }

  @Test
  void reason_isMadePrintable() throws Exception {
    Answer answer =
        parse("{\"nack\":\"1-0\",\"reason\":\"a\\nb\\u001b[2J\\u202ec\\ud800d\"}\n").get(0);
    assertEquals("a b\ufffd[2J\ufffdc\ufffdd", ((Answer.Nacked) answer).reason());
  }

  @Test
  void answerInAnotherEncoding_isRefused() {
    for (Charset other :
        List.of(StandardCharsets.UTF_16BE, StandardCharsets.UTF_16LE, Charset.forName("UTF-32"))) {
      byte[] line = "{\"ack\": \"1-0\"}".getBytes(other);
      assertThrows(ProtocolException.class, () -> AnswerJson.parse(line, line.length));
    }
  }

  @Test
  void byteOrderMark_isPassedOver() throws Exception {
    assertEquals(List.of(new Answer.Acked(1, 0)), parse("\ufeff{\"ack\":\"1-0\"}\n"));
  }

  @Test
  void answersBeforeAMalformedOne_count() {
    List<Answer> answers = new ArrayList<>();
    assertThrows(
        ProtocolException.class,
        () ->
            new AnswerParser()
                .feed(utf8("{\"ack\":\"1-0\"}\nnonsense\n{\"ack\":\"2-0\"}\n"), answers));
    assertEquals(List.of(new Answer.Acked(1, 0)), answers);
  }

  @Test
  void line_thatNeverEnds_isRefusedAtTheLimit() throws Exception {
    AnswerParser parser = new AnswerParser();
    List<Answer> answers = new ArrayList<>();
    byte[] chunk = " ".repeat(1_000).getBytes(StandardCharsets.US_ASCII);
    for (int fed = 0; fed + chunk.length <= AnswerParser.MAX_LINE_BYTES; fed += chunk.length) {
      parser.feed(Unpooled.wrappedBuffer(chunk), answers);
    }
    assertThrows(
        ProtocolException.class, () -> parser.feed(Unpooled.wrappedBuffer(chunk), answers));
  }

  @Test
  void line_ofExactlyTheLimit_isUnderstood() throws Exception {
    String ack = "{\"ack\":\"5-0\"}";
    String padded = ack + " ".repeat(AnswerParser.MAX_LINE_BYTES - ack.length());
    assertEquals(List.of(new Answer.Acked(5, 0)), parse(padded + "\n"));
    assertThrows(ProtocolException.class, () -> parse(padded + " \n"));
  }

  private static List<Answer> parse(String text) throws ProtocolException {
    List<Answer> answers = new ArrayList<>();
    new AnswerParser().feed(utf8(text), answers);
    return answers;
  }

  private static ByteBuf utf8(String text) {
    return Unpooled.copiedBuffer(text, StandardCharsets.UTF_8);
  }
}
