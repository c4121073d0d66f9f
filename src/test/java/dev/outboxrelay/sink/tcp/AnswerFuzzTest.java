// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.tcp;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.outboxrelay.sink.Answer;
import dev.outboxrelay.values.WireId;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * Feeds the parser of answers with what a broken or hostile receiver might send. {@code
 * -Dfuzz.rounds=…} asks for more rounds, {@code -Dfuzz.seed=…} repeats a run; a failure names both.
 */
class AnswerFuzzTest {

  private static final int ROUNDS = Integer.getInteger("fuzz.rounds", 100_000);
  private static final long SEED = Long.getLong("fuzz.seed", System.nanoTime());

  private static final String[] SEEDS = {
    "{\"ack\":\"1042-hoe22fla2o\"}\n",
    "{\"ack\":\"1042-hoe22fla2o\"}\n",
    " { \"ack\" : \"7-0\" } \r\n",
    "{\"ack_up_to\":\"1050-0\"}\n",
    "{\"nack\":\"1042-0\",\"reason\":\"no\",\"retry\":false}\n",
    "{\"nack\":\"1042-0\",\"retry_after_ms\":5000}\n",
    "{\"nack\":\"3-0\",\"reason\":\"\\u0000\\ud83d\\ude00 é\"}\n",
    "\n\r\n \n",
    "{\"ack\":\"9223372036854775807-1y2p0ij32e8e7\"}\n{\"ack\":\"1-1y2p0ij32e8e8\"}\n",
    "HTTP/1.1 200 OK\r\n\r\n",
  };
  private static final byte[] INTERESTING =
      "{}[]\":,\\ \t\r\n0123456789-+.eEtruefalsnz\0\u007f".getBytes(StandardCharsets.US_ASCII);

  private final ObjectMapper json = new ObjectMapper();

  @Test
  void anyBytes_inAnyPieces_giveTheSameAnswersOrOneProtocolError() {
    Random random = new Random(SEED);
    for (int round = 0; round < ROUNDS; round++) {
      byte[] input = input(random);
      Outcome whole = parse(input, null);
      Outcome pieces = parse(input, random);
      assertEquals(whole, pieces, () -> failure(input));
    }
  }

  @Test
  void acknowledgement_readByHand_isWhatAJsonParserReads() {
    Random random = new Random(SEED);
    for (int round = 0; round < ROUNDS; round++) {
      byte[] line = mutated(random, SEEDS[random.nextInt(3)].getBytes(StandardCharsets.UTF_8));
      for (Answer answer : parse(line, null).answers()) {
        if (answer instanceof Answer.Acked acked) {
          assertEquals(true, someLineSays(line, acked.wireId()), () -> failure(line));
        }
      }
    }
  }

  /** Nothing may be acknowledged that no line of the input acknowledges. */
  private boolean someLineSays(byte[] input, WireId id) {
    for (String line : new String(input, StandardCharsets.UTF_8).split("\n", -1)) {
      try {
        JsonNode ack = json.readTree(line).path("ack");
        if (id.toString().equals(ack.textValue())) {
          return true;
        }
      } catch (Exception e) {
        // Not a line that says anything.
        continue;
      }
    }
    return false;
  }

  private record Outcome(List<Answer> answers, boolean refused) {}

  private static Outcome parse(byte[] input, @Nullable Random pieces) {
    AnswerParser parser = new AnswerParser();
    List<Answer> answers = new ArrayList<>();
    try {
      int at = 0;
      while (at < input.length) {
        int bytes = pieces == null ? input.length : 1 + pieces.nextInt(40);
        int to = Math.min(input.length, at + bytes);
        ByteBuf buffer = Unpooled.wrappedBuffer(input, at, to - at);
        parser.feed(buffer, answers);
        at = to;
      }
      return new Outcome(answers, false);
    } catch (ProtocolException e) {
      return new Outcome(answers, true);
    }
  }

  private static byte[] input(Random random) {
    StringBuilder text = new StringBuilder();
    for (int each = random.nextInt(5); each >= 0; each--) {
      text.append(SEEDS[random.nextInt(SEEDS.length)]);
    }
    return mutated(random, text.toString().getBytes(StandardCharsets.UTF_8));
  }

  private static byte[] mutated(Random random, byte[] input) {
    byte[] mutated = input.clone();
    for (int each = random.nextInt(4); each > 0; each--) {
      int at = random.nextInt(mutated.length);
      switch (random.nextInt(4)) {
        case 0 -> mutated[at] = (byte) random.nextInt(256);
        case 1 -> mutated[at] = INTERESTING[random.nextInt(INTERESTING.length)];
        case 2 -> mutated = removed(mutated, at);
        default -> mutated = repeated(mutated, at, 1 + random.nextInt(30));
      }
      if (mutated.length == 0) {
        return new byte[] {'\n'};
      }
    }
    return mutated;
  }

  private static byte[] removed(byte[] input, int at) {
    byte[] output = new byte[input.length - 1];
    System.arraycopy(input, 0, output, 0, at);
    System.arraycopy(input, at + 1, output, at, output.length - at);
    return output;
  }

  private static byte[] repeated(byte[] input, int at, int times) {
    byte[] output = new byte[input.length + times];
    System.arraycopy(input, 0, output, 0, at);
    for (int each = 0; each < times; each++) {
      output[at + each] = input[at];
    }
    System.arraycopy(input, at, output, at + times, input.length - at);
    return output;
  }

  private static String failure(byte[] input) {
    return "fuzz.seed=" + SEED + " input=" + new String(input, StandardCharsets.ISO_8859_1);
  }
}
