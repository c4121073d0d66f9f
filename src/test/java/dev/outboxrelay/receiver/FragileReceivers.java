// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.receiver;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.outboxrelay.testing.ScriptedPeer.Conversation;
import dev.outboxrelay.testing.ScriptedPeer.Script;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Receivers as people write them, each with one fault that a check must find. A RuntimeException
 * ends the whole receiver, as an uncaught one does in Node; an IOException its connection.
 */
final class FragileReceivers {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Pattern ID = Pattern.compile("\"id\":\"([0-9a-z-]+)\"");
  private static final Set<String> KNOWN =
      Set.of(
          "id", "epoch", "attempt", "op", "type", "schema", "table", "key", "tx", "at", "old",
          "new", "headers");

  private FragileReceivers() {}

  /** What is done with a line before it is answered. */
  private interface Work {
    void on(JsonNode message, String line) throws IOException;
  }

  /** None of the faults. */
  static Script sound() {
    return lines((message, line) -> {});
  }

  /** Each with the item that it fails in. */
  static Map<CheckItem, Script> all() {
    return Map.ofEntries(
        Map.entry(
            CheckItem.EVERY_OPERATION,
            lines((message, line) -> need(message.get("new").size() > 0))),
        Map.entry(CheckItem.UNUSUAL_TEXT, lines((message, line) -> need(isPlain(line)))),
        Map.entry(
            CheckItem.KEYS,
            lines((message, line) -> need(message.get("key").textValue().length() > 0))),
        Map.entry(CheckItem.LINE_SEPARATORS, FragileReceivers::splitsAtEveryLineBreak),
        Map.entry(CheckItem.NUMBERS, lines(FragileReceivers::readsNumbersAsLong)),
        Map.entry(CheckItem.ESCAPES, lines((message, line) -> need(!line.contains("\\u0000")))),
        Map.entry(CheckItem.NESTED_JSON, lines(FragileReceivers::readsFiftyLevels)),
        Map.entry(
            CheckItem.UNKNOWN_MEMBERS,
            lines(
                (message, line) ->
                    message.fieldNames().forEachRemaining(name -> need(KNOWN.contains(name))))),
        Map.entry(CheckItem.LARGE_MESSAGE, lines((message, line) -> need(line.length() < 65_536))),
        Map.entry(CheckItem.SPLIT_MESSAGE, FragileReceivers::decodesWhatItReads),
        Map.entry(CheckItem.BYTE_BY_BYTE, FragileReceivers::takesSixtyFourPieces),
        Map.entry(CheckItem.PIPELINING, FragileReceivers::answersOnceForEachRead),
        Map.entry(CheckItem.REPEATED_MESSAGE, answersOnce()),
        Map.entry(CheckItem.QUIET_CONNECTION, FragileReceivers::waitsForASecond),
        Map.entry(
            CheckItem.NEW_EPOCH, lines((message, line) -> need(message.get("epoch").asInt() == 1))),
        Map.entry(CheckItem.TWO_CONNECTIONS, servesOneAtATime()),
        Map.entry(CheckItem.EMPTY_CONNECTION, FragileReceivers::wantsALine),
        Map.entry(CheckItem.END_OF_STREAM, FragileReceivers::staysOpen),
        Map.entry(CheckItem.CONNECTION_CUT, FragileReceivers::diesOfAFailedWrite),
        Map.entry(CheckItem.RESET_INSIDE_MESSAGE, FragileReceivers::diesOfAFailedRead),
        Map.entry(CheckItem.HALF_A_MESSAGE, FragileReceivers::parsesTheRest));
  }

  /** Takes the rest for a message, and finds an id in it. */
  static void acknowledgesTheRest(Conversation it) throws IOException {
    BufferedReader in = reader(it);
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      Matcher id = ID.matcher(line);
      if (id.find()) {
        acknowledge(it, id.group(1));
      }
    }
  }

  private static Script lines(Work work) {
    return it -> {
      for (String line = it.line(); line != null; line = it.line()) {
        JsonNode message = JSON.readTree(line);
        work.on(message, line);
        acknowledge(it, message.get("id").asText());
      }
    };
  }

  private static void acknowledge(Conversation it, String id) throws IOException {
    it.say("{\"ack\":\"" + id + "\"}\n");
  }

  private static void acknowledge(Conversation it, JsonNode message) throws IOException {
    acknowledge(it, message.get("id").asText());
  }

  private static void need(boolean condition) {
    if (!condition) {
      throw new IllegalStateException("this receiver did not think of that");
    }
  }

  private static boolean isPlain(String line) {
    return line.chars().allMatch(c -> c < 128);
  }

  private static void readsNumbersAsLong(JsonNode message, String line) {
    message.path("new").forEach(value -> need(!value.isNumber() || value.canConvertToLong()));
  }

  private static void readsFiftyLevels(JsonNode message, String line) {
    JsonFactory shallow =
        JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder().maxNestingDepth(50).build())
            .build();
    try {
      new ObjectMapper(shallow).readTree(line);
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static JsonNode parse(String line) {
    try {
      return JSON.readTree(line);
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static BufferedReader reader(Conversation it) {
    return new BufferedReader(new InputStreamReader(it.in(), StandardCharsets.UTF_8));
  }

  private static void splitsAtEveryLineBreak(Conversation it) throws IOException {
    for (String line = it.line(); line != null; line = it.line()) {
      for (String part : line.split("\\R")) {
        acknowledge(it, parse(part));
      }
    }
  }

  /** As {@code chunk.decode()} does in Python. */
  private static void decodesWhatItReads(Conversation it) throws IOException {
    StringBuilder text = new StringBuilder();
    byte[] chunk = new byte[64 * 1024];
    InputStream in = it.socket().getInputStream();
    for (int bytes = in.read(chunk); bytes > 0; bytes = in.read(chunk)) {
      try {
        text.append(StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(chunk, 0, bytes)));
      } catch (CharacterCodingException e) {
        throw new UncheckedIOException(e);
      }
      for (int end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n")) {
        acknowledge(it, parse(text.substring(0, end)));
        text.delete(0, end + 1);
      }
    }
  }

  private static void takesSixtyFourPieces(Conversation it) throws IOException {
    ByteArrayOutputStream message = new ByteArrayOutputStream();
    byte[] chunk = new byte[64 * 1024];
    InputStream in = it.socket().getInputStream();
    int pieces = 0;
    for (int bytes = in.read(chunk); bytes > 0; bytes = in.read(chunk)) {
      message.write(chunk, 0, bytes);
      need(++pieces <= 64);
      if (chunk[bytes - 1] == '\n') {
        acknowledge(it, parse(message.toString(StandardCharsets.UTF_8)));
        message.reset();
        pieces = 0;
      }
    }
  }

  private static void answersOnceForEachRead(Conversation it) throws IOException {
    byte[] chunk = new byte[64 * 1024];
    InputStream in = it.socket().getInputStream();
    for (int bytes = in.read(chunk); bytes > 0; bytes = in.read(chunk)) {
      Matcher id = ID.matcher(new String(chunk, 0, bytes, StandardCharsets.UTF_8));
      if (id.find()) {
        acknowledge(it, id.group(1));
      }
    }
  }

  /** Room for two thousand answers, and a thread that writes them, with a small buffer below. */
  static void dropsWhatDoesNotFit(Conversation it) throws IOException {
    it.socket().setSendBufferSize(8_192);
    BlockingQueue<String> answers = new ArrayBlockingQueue<>(2_000);
    Thread writer =
        new Thread(
            () -> {
              try {
                for (String id = answers.take(); !id.isEmpty(); id = answers.take()) {
                  acknowledge(it, id);
                }
              } catch (IOException | InterruptedException e) {
                answers.clear();
              }
            });
    writer.setDaemon(true);
    writer.start();
    for (String line = it.line(); line != null; line = it.line()) {
      if (!answers.offer(parse(line).get("id").asText())) {
        continue; // dropped: the fault
      }
    }
    answers.offer("");
  }

  private static Script answersOnce() {
    Set<String> seen = ConcurrentHashMap.newKeySet();
    return it -> {
      for (String line = it.line(); line != null; line = it.line()) {
        JsonNode message = parse(line);
        if (seen.add(message.get("id").asText())) {
          acknowledge(it, message);
        }
      }
    };
  }

  private static void waitsForASecond(Conversation it) throws IOException {
    it.socket().setSoTimeout(1_000);
    try {
      lines((message, line) -> {}).play(it);
    } catch (SocketTimeoutException e) {
      it.reset();
    }
  }

  private static Script servesOneAtATime() {
    Semaphore turn = new Semaphore(1);
    return it -> {
      turn.acquireUninterruptibly();
      try {
        lines((message, line) -> {}).play(it);
      } finally {
        turn.release();
      }
    };
  }

  private static void wantsALine(Conversation it) throws IOException {
    String line = it.line();
    while (line != null) {
      acknowledge(it, parse(line));
      line = it.line();
      if (line == null) {
        return;
      }
    }
    throw new IllegalStateException("null has no length");
  }

  private static void staysOpen(Conversation it) throws IOException {
    lines((message, line) -> {}).play(it);
    try {
      Thread.sleep(10_000);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void diesOfAFailedWrite(Conversation it) throws IOException {
    for (String line = it.line(); line != null; line = it.line()) {
      JsonNode message = parse(line);
      try {
        acknowledge(it, message);
        Thread.sleep(1);
      } catch (IOException | InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }
  }

  private static void diesOfAFailedRead(Conversation it) throws IOException {
    while (true) {
      String line;
      try {
        line = it.line();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      if (line == null) {
        return;
      }
      acknowledge(it, parse(line));
    }
  }

  /** As Node's readline and Java's readLine hand it out. */
  private static void parsesTheRest(Conversation it) throws IOException {
    BufferedReader in = reader(it);
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      acknowledge(it, parse(line));
    }
  }
}
