// What the page says, in both languages. GraphiQL's own buttons are in English.
export const words = {
  en: {
    title: 'Explorer',
    other: '中文',
    examples: 'Examples',
    nobody: 'Not signed in',
    signedIn: 'With a token',
    login: 'Login name',
    password: 'Password',
    signIn: 'Sign in',
    token: 'or paste a token',
    use: 'Use it',
    signOut: 'Forget the token',
    kept: 'The token stays in this tab and is forgotten when it is closed.',
    price: 'Price',
    afterwards: 'for what came back',
    left: 'left',
    unpriced: 'Price: not known yet',
    failed: 'The server cannot be reached.',
    roles: {
      ANYBODY: 'Anybody', SECRETARY: 'Secretary', LIAISON: 'Liaison', SUPERVISOR: 'Supervisor', AUDITOR: 'Auditor',
      ADMINISTRATOR: 'Administrator', SERVICE: 'Service account',
    },
  },
  'zh-CN': {
    title: '接口浏览器',
    other: 'English',
    examples: '示例',
    nobody: '未登录',
    signedIn: '已使用令牌',
    login: '登录名',
    password: '密码',
    signIn: '登录',
    token: '或粘贴令牌',
    use: '使用',
    signOut: '清除令牌',
    kept: '令牌只保存在当前标签页中，关闭后即清除。',
    price: '价格',
    afterwards: '按返回内容计',
    left: '剩余',
    unpriced: '价格：尚未计算',
    failed: '无法连接服务器。',
    roles: {
      ANYBODY: '任何人', SECRETARY: '社区书记', LIAISON: '联络员', SUPERVISOR: '主管人员', AUDITOR: '审计人员',
      ADMINISTRATOR: '平台管理员', SERVICE: '服务账号',
    },
  },
};

export const languages = Object.keys(words);

// spoken is the language to begin with: the one chosen before, else the browser's.
export function spoken() {
  const kept = sessionStorage.getItem('language');
  if (languages.includes(kept)) return kept;
  return navigator.language.startsWith('zh') ? 'zh-CN' : 'en';
}
