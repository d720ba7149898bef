#include "engine/cli/flags.h"

#include <fmt/core.h>

#include <algorithm>
#include <boost/program_options.hpp>
#include <charconv>

#include "core/suggest.h"

namespace plumb::cli {

namespace po = boost::program_options;

namespace {

po::options_description Describe(const std::vector<Flag>& known) {
  po::options_description described;
  for (const Flag& flag : known) {
    const std::string names = flag.letter ? fmt::format("{},{}", flag.name, flag.letter) : flag.name;
    if (flag.value.empty()) described.add_options()(names.c_str(), flag.help.c_str());
    else described.add_options()(names.c_str(), po::value<std::vector<std::string>>(), flag.help.c_str());
  }
  return described;
}

Error Unknown(const std::vector<Flag>& known, const std::string& given) {
  std::vector<std::string> names;
  for (const Flag& flag : known) names.push_back("--" + flag.name);
  return Invalid(fmt::format("unknown flag '{}'{}", given, DidYouMean(given, names)));
}

Status CheckChoice(const Flag& flag, const std::string& value) {
  if (flag.choices.empty() || std::find(flag.choices.begin(), flag.choices.end(), value) != flag.choices.end()) return Ok();
  std::string all;
  for (const std::string& choice : flag.choices) all += (all.empty() ? "" : ", ") + choice;
  return Invalid(fmt::format("--{}: '{}' is not one of {}{}", flag.name, value, all, DidYouMean(value, flag.choices)));
}

}  // namespace

Result<Flags> Flags::Parse(const std::vector<Flag>& known, const std::vector<std::string>& arguments) {
  Flags flags;
  for (const Flag& flag : known) flags.fallbacks_[flag.name] = flag.fallback;
  try {
    const po::options_description described = Describe(known);
    // No guessing of abbreviated flags: a script that relies on one breaks when a new flag appears.
    const int style = po::command_line_style::unix_style & ~po::command_line_style::allow_guessing;
    const auto parsed = po::command_line_parser(arguments).options(described).style(style).run();
    for (const auto& option : parsed.options) {
      if (option.position_key != -1 || option.string_key.empty()) {
        flags.positional_.insert(flags.positional_.end(), option.value.begin(), option.value.end());
        continue;
      }
      const auto flag = std::find_if(known.begin(), known.end(), [&](const Flag& f) { return f.name == option.string_key; });
      std::vector<std::string>& values = flags.given_[option.string_key];
      if (flag->value.empty()) continue;
      if (!values.empty() && !flag->many) return Invalid(fmt::format("--{} is given twice", flag->name));
      for (const std::string& value : option.value) {
        PLUMB_OK(CheckChoice(*flag, value));
        values.push_back(value);
      }
    }
  } catch (const po::unknown_option& e) {
    return Unknown(known, e.get_option_name());
  } catch (const po::error& e) {
    return Invalid(e.what());
  }
  return flags;
}

std::string Flags::Get(const std::string& name) const {
  const auto found = given_.find(name);
  if (found != given_.end() && !found->second.empty()) return found->second.back();
  const auto fallback = fallbacks_.find(name);
  return fallback == fallbacks_.end() ? "" : fallback->second;
}

Result<size_t> Flags::Number(const std::string& name, size_t least, size_t most) const {
  const std::string text = Get(name);
  size_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size() && number >= least && number <= most) return number;
  return Invalid(fmt::format("--{}: '{}' is not a number from {} to {}", name, text, least, most));
}

const std::vector<std::string>& Flags::All(const std::string& name) const {
  static const std::vector<std::string> none;
  const auto found = given_.find(name);
  return found == given_.end() ? none : found->second;
}

}  // namespace plumb::cli
