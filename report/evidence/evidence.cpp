// SPDX-License-Identifier: Apache-2.0
// The words of a verdict, by protocol. verify compares them with what a bundle holds, so they belong to the
// schema version: changed words need a new kEvidenceSchemaVersion and the old ones kept for old
// bundles.
#include "report/evidence/evidence.h"

#include "core/error.h"
#include "core/numbers.h"

namespace patina::report {
namespace {

using core::counted_text;
using core::p_value_text;

struct Facts {
  std::string suspect_images;  ///< "30 suspect images".
  std::string benign_images;
  std::string p_value;
  std::string smallest_p;
  std::string alpha;
  /// P-value of the comparison of scores, which decides nothing for keys with signs.
  std::string scores_p;
  bool scores_rejected = false;
};

Verdict evidence_found(const Facts& facts) {
  Verdict verdict;
  verdict.headline = "Evidence found: the suspect images carry this coating.";
  verdict.explanation = "The coating scores of " + facts.suspect_images +
                        " were compared with those of " + facts.benign_images +
                        " and are smaller, that is, more like coated images. If both came from the "
                        "same distribution, a difference this large would arise by chance with "
                        "probability p = " +
                        facts.p_value + ", below the limit alpha = " + facts.alpha +
                        " of this audit. This speaks of the images examined; who put the coating "
                        "there and whether it was allowed are other questions.";
  return verdict;
}

Verdict no_evidence(const Facts& facts) {
  Verdict verdict;
  verdict.headline =
      "No evidence found: the suspect images were not told apart from the benign ones.";
  verdict.explanation =
      "The coating scores of " + facts.suspect_images + " were compared with those of " +
      facts.benign_images +
      ". If both came from the same distribution, a difference like the one seen would arise by "
      "chance with probability p = " +
      facts.p_value + ", which does not fall below the limit alpha = " + facts.alpha +
      " of this audit, although these numbers of images could have reached it. This does not show "
      "that the coated images were not used: a weak or washed-out signal can be missed.";
  return verdict;
}

// The same for keys with signs, whose test decides.

Verdict signs_followed(const Facts& facts) {
  Verdict verdict;
  verdict.headline = "Evidence found: the suspect images carry this coating.";
  verdict.explanation =
      "The signs of this key were drawn at random, and " + facts.suspect_images +
      " follow them: of all keys that could have been drawn, a share of p = " + facts.p_value +
      " fits these images as well or better, which lies below the limit alpha = " + facts.alpha +
      " of this audit. For comparison, the coating scores of " + facts.benign_images +
      " were held beside theirs (p = " + facts.scores_p +
      "). This speaks of the images examined; who put the coating there and whether it was allowed "
      "are other questions.";
  return verdict;
}

Verdict another_pattern(const Facts& facts) {
  Verdict verdict;
  verdict.headline =
      "No evidence found: the suspect images differ from the benign ones, but do not follow this "
      "key.";
  verdict.explanation =
      "The coating scores of " + facts.suspect_images + " are smaller than those of " +
      facts.benign_images + " (p = " + facts.scores_p +
      "). But of all keys that could have been drawn, a share of p = " + facts.p_value +
      " fits the suspect images as well as this one or better, which does not fall below the limit "
      "alpha = " +
      facts.alpha +
      " of this audit. The difference can come from another owner's coating or from any other "
      "pattern that the suspect images share.";
  return verdict;
}

Verdict signs_not_followed(const Facts& facts) {
  if (facts.scores_rejected) return another_pattern(facts);
  Verdict verdict;
  verdict.headline = "No evidence found: the suspect images do not follow this key.";
  verdict.explanation =
      "The signs of this key were drawn at random. Of all keys that could have been drawn, a share "
      "of p = " +
      facts.p_value + " fits " + facts.suspect_images +
      " as well as this one or better, which does not fall below the limit alpha = " + facts.alpha +
      " of this audit. This does not show that the coated images were not used: a weak or "
      "washed-out signal can be missed, and more images show a weaker one.";
  return verdict;
}

Verdict too_few_signs(const Facts& facts) {
  Verdict verdict;
  verdict.headline = "Inconclusive: this key has too few signs to reach alpha = " + facts.alpha +
                     ".";
  verdict.explanation = "The smallest possible p-value with this key is " + facts.smallest_p +
                        ", so this audit could not have found evidence however strong the signal, "
                        "and finding none says nothing. The p-value was " +
                        facts.p_value + ". Ask for a larger alpha.";
  return verdict;
}

Verdict inconclusive(const Facts& facts) {
  Verdict verdict;
  verdict.headline = "Inconclusive: " + facts.suspect_images + " and " + facts.benign_images +
                     " are too few to reach alpha = " + facts.alpha + ".";
  verdict.explanation = "The smallest possible p-value at these numbers is " + facts.smallest_p +
                        ", so this audit could not have found evidence however strong the signal, "
                        "and finding none says nothing. The p-value was " +
                        facts.p_value + ". Collect more images and repeat the audit.";
  return verdict;
}

std::vector<std::string> limits_of_scores() {
  return {
      "The test compares the suspect images with these benign images and no others. A small "
      "p-value says that the two sets differ in the direction of the coating; it does not say why "
      "they differ.",
      "The benign images must be comparable with the suspect images in kind, subject, size and "
      "compression, and known not to come from a model that used the coated images. Otherwise any "
      "other difference between the sets can make p small.",
      "alpha is the rate of false alarms for independent scores. Images that share prompts, seeds "
      "or a source are not independent, every model has its own habits, and repeated audits with "
      "other images or other benign sets are further chances of a false alarm; then the true rate "
      "is higher than alpha.",
  };
}

std::vector<std::string> limits_of_signs() {
  return {
      "The deciding test holds for any suspect, however its images depend on each other and "
      "whatever the benign images are, as long as the key was drawn at random, once, and kept "
      "secret. Whoever knows the key, or tries many keys on the same images, can make its p-value "
      "small: a published commitment older than the images speaks against both.",
      "A small p-value says that the suspect images carry this coating's pattern; it does not say "
      "how it came there. The comparison with the benign images decides nothing.",
      "alpha is the rate of false alarms of one audit. Repeated audits, with other images or other "
      "keys, are further chances of one; then the true rate is higher than alpha.",
  };
}

std::string test_of_scores(std::size_t /*key_signs*/) {
  return "Deciding test: the one-sided Kolmogorov-Smirnov test. Its statistic D is the largest "
         "amount by which the suspects' distribution line stands above the benign one [Siren, Eq. "
         "8].";
}

std::string test_of_signs(std::size_t key_signs) {
  return "Deciding test: the key holds " + std::to_string(key_signs) +
         " signs, drawn at random. The statistic is the sum of the suspect images' mean amounts "
         "of the key's cosines, each with the key's sign, over the sum without signs: 1 if every "
         "sign fits. p is the share of all sign patterns that give at least this sum, counted, "
         "not estimated. It needs no benign images and no independence, and another owner's "
         "coating fails it.";
}

struct Words {
  Verdict (*evidence)(const Facts&);
  Verdict (*no_evidence)(const Facts&);
  Verdict (*inconclusive)(const Facts&);
  std::vector<std::string> (*limits)();
  std::string (*test)(std::size_t key_signs);
};

const Words& words_of(stats::Protocol protocol) {
  static const Words kScores = {
      evidence_found, no_evidence, inconclusive, limits_of_scores, test_of_scores};
  static const Words kKeySigns = {
      signs_followed, signs_not_followed, too_few_signs, limits_of_signs, test_of_signs};
  switch (protocol) {
    case stats::Protocol::kScores:
      return kScores;
    case stats::Protocol::kKeySigns:
      return kKeySigns;
  }
  throw core::Error(core::ErrorKind::kInternal, "protocol", "has no words", "report it");
}

}  // namespace

Verdict make_verdict(const stats::ScoreComparison& comparison,
                     const stats::ComparisonOptions& options,
                     std::int64_t suspect_count,
                     std::int64_t benign_count) {
  const stats::NamedTest& primary = comparison.tests.front();
  const stats::NamedTest& scores = stats::test_called(comparison, stats::kScoresTest);
  Facts facts;
  facts.suspect_images = core::counted_text(suspect_count, "suspect image");
  facts.benign_images = core::counted_text(benign_count, "benign image");
  facts.p_value = core::p_value_text(primary.p_value, primary.log10_p_value);
  facts.scores_p = core::p_value_text(scores.p_value, scores.log10_p_value);
  facts.smallest_p = core::p_value_text(comparison.smallest_possible_p);
  facts.alpha = core::p_value_text(options.alpha);
  facts.scores_rejected = scores.rejected;
  const Words& words = words_of(comparison.protocol);
  Verdict verdict;
  const stats::Decision decision = stats::decide(comparison, options.alpha);
  switch (decision) {
    case stats::Decision::kEvidence:
      verdict = words.evidence(facts);
      break;
    case stats::Decision::kNoEvidence:
      verdict = words.no_evidence(facts);
      break;
    case stats::Decision::kInconclusive:
      verdict = words.inconclusive(facts);
      break;
  }
  verdict.decision = decision;
  return verdict;
}

std::vector<std::string> standing_limits(stats::Protocol protocol) {
  std::vector<std::string> limits = words_of(protocol).limits();
  const std::vector<std::string> common = {
      "The scores belong to the images examined, not to a model. Whether a given model made these "
      "images has to be shown by how they were collected.",
      "Images handed in by the accusing side can be forged or coated afterwards. Images collected "
      "by a neutral party, with a record of requests and answers, carry more weight.",
      "A small p-value does not say who copied the coated images, through which steps the coating "
      "came into the suspect images, or that a licence was missing. These are questions of fact "
      "and law.",
      "Finding no evidence does not show that the coated images were not used: a small share of "
      "coated images in training, filtering, compression or resizing can weaken the signal below "
      "detection.",
      "No number in this report is the share of images that were copied, nor the probability that "
      "copying took place.",
  };
  limits.insert(limits.end(), common.begin(), common.end());
  return limits;
}

std::string deciding_test_text(stats::Protocol protocol, std::size_t key_signs) {
  return words_of(protocol).test(key_signs);
}

}  // namespace patina::report
