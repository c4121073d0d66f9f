// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.tcp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.outboxrelay.sink.Answer;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class UnansweredTest {

  private final Unanswered unanswered = new Unanswered();

  @Test
  void answer_toWhatWasNeverSent_isAnError() {
    unanswered.sent(1, 0);
    assertThrows(ProtocolException.class, () -> answer(new Answer.Acked(2, 0)));
    assertThrows(ProtocolException.class, () -> answer(new Answer.AckedUpTo(2, 0)));
    assertThrows(ProtocolException.class, () -> answer(new Answer.Nacked(2, 0, "no", true, null)));
    assertEquals(1, unanswered.count());
  }

  /** The number alone is what a receiver says that has cut the second part off or mixed it up. */
  @Test
  void answer_withTheNumberOfAnotherChange_isAnError() throws Exception {
    unanswered.sent(7, 100);
    ProtocolException refused =
        assertThrows(ProtocolException.class, () -> answer(new Answer.Acked(7, 101)));
    assertEquals(
        "an answer is for message 7-2t, which was not sent on this connection",
        refused.getMessage());
    assertThrows(ProtocolException.class, () -> answer(new Answer.AckedUpTo(7, 101)));
    assertThrows(ProtocolException.class, () -> answer(new Answer.Nacked(7, 0, "no", true, null)));
    assertEquals(1, unanswered.count());
    assertEquals(List.of(new Answer.Acked(7, 100)), answer(new Answer.Acked(7, 100)));
  }

  /** The list is compacted on the way. */
  @Test
  void answer_afterManySendings_mustStillHaveTheWholeId() throws Exception {
    unanswered.sent(0, 5);
    for (long id = 1; id < 100_000; id++) {
      unanswered.sent(id, id * 3);
      assertEquals(1, answer(new Answer.Acked(id, id * 3)).size());
    }
    assertThrows(ProtocolException.class, () -> answer(new Answer.Acked(0, 6)));
    assertEquals(List.of(new Answer.Acked(0, 5)), answer(new Answer.Acked(0, 5)));
  }

  @Test
  void secondAnswer_toTheSameSending_isPassedOver() throws Exception {
    unanswered.sent(1, 0);
    assertEquals(List.of(new Answer.Acked(1, 0)), answer(new Answer.Acked(1, 0)));
    assertEquals(List.of(), answer(new Answer.Acked(1, 0)));
    assertEquals(List.of(), answer(new Answer.Nacked(1, 0, "no", true, null)));
    assertEquals(List.of(), answer(new Answer.AckedUpTo(1, 0)));
  }

  @Test
  void secondSending_ofTheSameMessage_waitsForOneAnswer() throws Exception {
    unanswered.sent(1, 0);
    unanswered.sent(2, 0);
    unanswered.sent(1, 0);
    assertEquals(2, unanswered.count());
    assertEquals(
        List.of(new Answer.Acked(2, 0), new Answer.Acked(1, 0)),
        answer(new Answer.AckedUpTo(1, 0)));
    assertEquals(0, unanswered.count());
  }

  @Test
  void messageThatIsNeverAnswered_costsNoMemoryForTheOthers() throws Exception {
    unanswered.sent(0, 0);
    for (long id = 1; id < 3_000_000; id++) {
      unanswered.sent(id, 0);
      assertEquals(1, answer(new Answer.Acked(id, 0)).size());
    }
    assertEquals(1, unanswered.count());
    assertEquals(List.of(new Answer.Acked(0, 0)), answer(new Answer.Acked(0, 0)));
    assertThrows(ProtocolException.class, () -> answer(new Answer.Acked(5, 0)));
  }

  @Test
  void anyOrderOfSendingsAndAnswers_isWhatASimpleListSays() throws Exception {
    Random random = new Random(3);
    LinkedHashSet<Long> model = new LinkedHashSet<>();
    for (int round = 0; round < 300_000; round++) {
      long id = random.nextInt(20_000);
      boolean sending = model.size() < 5_000 && random.nextInt(5) < 3;
      if (sending) {
        model.remove(id);
        model.add(id);
        unanswered.sent(id, 0);
      } else if (model.contains(id) && random.nextInt(50) == 0) {
        List<Answer> expected = new ArrayList<>();
        for (long each : model) {
          expected.add(new Answer.Acked(each, 0));
          if (each == id) {
            break;
          }
        }
        expected.forEach(each -> model.remove(each.id()));
        assertEquals(expected, answer(new Answer.AckedUpTo(id, 0)));
      } else if (model.remove(id)) {
        Answer answer = new Answer.Nacked(id, 0, "no", true, null);
        assertEquals(List.of(answer), answer(answer));
      }
      assertEquals(model.size(), unanswered.count());
    }
  }

  private List<Answer> answer(Answer answer) throws ProtocolException {
    List<Answer> out = new ArrayList<>();
    unanswered.answered(answer, out);
    return out;
  }
}
